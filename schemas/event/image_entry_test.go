package event

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func anEntry() ImageEntry {
	captured := time.UnixMilli(1_795_201_402_123).UTC()
	return ImageEntry{
		ID: NewImageID(captured.UnixMilli(), bytes.Repeat([]byte{7}, 32)), Pack: PackName(1_795_200_000, "00ff"), Offset: 64, Length: 40_032, Hash: SHA256{1, 2},
		Captured: captured, Shift: -300, MachineID: "DBCS-0421", Side: "front", Object: "imb", Code: "0027090012345600001210118112501",
		PieceKey: "F-900123456-000012", MID: "900123456", MediaType: "image/tiff", Width: 1200, Height: 500, Pages: 1, Bytes: 40_000,
	}
}

func TestImageEntryIsWrittenAndRead(t *testing.T) {
	want := anEntry()
	text := want.AppendJSON(nil)
	require.Contains(t, string(text), `"pack":"20261120T184000Z/00ff"`)
	var got ImageEntry
	require.Nil(t, got.DecodeJSON(text))
	require.Equal(t, want, got)
}

func TestImageEntrySaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ImageEntry)
		field  string
		code   Code
	}{
		"no id":            {func(e *ImageEntry) { e.ID = ImageID{} }, "id", Missing},
		"another time":     {func(e *ImageEntry) { e.Captured = e.Captured.Add(time.Millisecond) }, "capturedDatetime", Contradiction},
		"no pack":          {func(e *ImageEntry) { e.Pack = "" }, "pack", Missing},
		"a pack elsewhere": {func(e *ImageEntry) { e.Pack = "20261120T184000Z/../x" }, "pack", NotReadable},
		"no length":        {func(e *ImageEntry) { e.Length = 0 }, "packOffset", NotCount},
		"a long text":      {func(e *ImageEntry) { e.MachineID = string(make([]byte, 256)) }, "machineId", TooLong},
	} {
		t.Run(name, func(t *testing.T) {
			e := anEntry()
			c.change(&e)
			err := e.DecodeJSON(e.AppendJSON(nil))
			require.NotNil(t, err)
			require.Equal(t, []string{c.field, string(c.code)}, []string{err.Field, string(err.Code)}, err.Message)
		})
	}
	var e ImageEntry
	require.Equal(t, NotReadable, e.DecodeJSON([]byte(`{"id":"00"}`)).Code)
	require.Equal(t, NotReadable, e.DecodeJSON([]byte(`{"width":-1}`)).Code)
	require.NotContains(t, e.DecodeJSON([]byte(`{"code":0027090012345600001210118112501}`)).Message, "2709", "an error quotes nothing")
}

func TestImageIDTellsItsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		captured := rapid.Int64Range(0, 7_258_118_399_999).Draw(t, "captured")
		hash := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")
		id := NewImageID(captured, hash)
		again, err := ParseImageID(id.String())
		require.NoError(t, err)
		require.Equal(t, id, again)
		require.Equal(t, captured, id.Captured())
	})
	for _, text := range []string{"", "00", "g", anEntry().ID.String() + "0", "AB" + anEntry().ID.String()[2:]} {
		_, err := ParseImageID(text)
		require.Error(t, err, text)
	}
}

func TestImageColumns(t *testing.T) {
	var c ImageColumns
	for i := range 4 {
		e := anEntry()
		e.Offset = int64(i)
		c.Append(&Head{Class: "mailpiece_images", Offset: int64(i)}, ImageRow{ImageEntry: e, Device: "d"})
	}
	c.Truncate(3)
	c.Keep([]bool{true, false, true})
	require.Equal(t, 2, c.Len())
	require.Equal(t, []int64{0, 2}, []int64{c.Rows[0].Offset, c.Rows[1].Offset})
	var copied ImageColumns
	copied.AppendFrom(&c, 1)
	require.Equal(t, c.Rows[1], copied.Rows[0])
	c.Reset()
	require.Zero(t, c.Len()+len(c.Rows))
}

func FuzzImageEntry(f *testing.F) {
	e := anEntry()
	f.Add(e.AppendJSON(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e, again ImageEntry
		if e.DecodeJSON(data) != nil {
			return
		}
		if err := again.DecodeJSON(e.AppendJSON(nil)); err != nil || again.ID != e.ID || again.Pack != e.Pack || !again.Captured.Equal(e.Captured) {
			t.Fatalf("an entry that was read is written and read as the same: %v", err)
		}
	})
}
