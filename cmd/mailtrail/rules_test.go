package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/schemas/barcode"
)

func TestKnownBarcodesComeFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known.txt")
	load := func(text string) (*ruleBook, error) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		c, err := config.Load(config.Options{Flags: []config.Setting{{Flag: "--set", Key: "reference.known_barcodes", Value: path}}})
		require.NoError(t, err)
		return loadRules(c, nil)
	}
	book, err := load("902345678\n123456 000001000-000001999 12345\n")
	require.NoError(t, err)
	require.Equal(t, 2, book.tables.Known.Len())
	again, err := loadRules(mustLoad(t, path), nil)
	require.NoError(t, err)
	require.Equal(t, book.tables.Known.Text(), again.tables.Known.Text(), "the same file is the same epoch at each start")

	book, err = load("effective 2026-01-02\nsource the mailers' own\n902345678\n")
	require.NoError(t, err)
	require.Equal(t, "the mailers' own", book.tables.Known.Source)

	_, err = load("902345678\n12345\n")
	require.EqualError(t, err, "reference.known_barcodes: "+path+`: line 2: mid: "12345": expected 6 digits that begin with 0 to 8, or 9 that begin with a 9`)
	var typed *barcode.TableError
	require.ErrorAs(t, err, &typed)
	require.NoError(t, os.Remove(path))
	_, err = loadRules(mustLoad(t, path), nil)
	require.ErrorContains(t, err, "reference.known_barcodes: "+path)
}

func mustLoad(t *testing.T, known string) *config.Loaded {
	c, err := config.Load(config.Options{Flags: []config.Setting{{Flag: "--set", Key: "reference.known_barcodes", Value: known}}})
	require.NoError(t, err)
	return c
}
