package barcode_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/barcode"
)

func TestPieceKeys(t *testing.T) {
	for _, test := range []struct {
		name, text string
		key        string
		note       barcode.KeyNote
		lookup     []string
		kind       barcode.Kind
	}{
		{"MID of 9", "0027090234567812345612345678901", "F-902345678-123456", 0, []string{"F-902345678-123456", "270-902345678-123456"}, barcode.KindMail},
		{"MID of 6", "00271123456123456789", "M-123456-123456789", 0, []string{"M-123456-123456789", "271-123456-123456789"}, barcode.KindMail},
		{"redirected", "9327090234567812345610118112501", "F-902345678-123456", 0, []string{"F-902345678-123456", "270-902345678-123456"}, barcode.KindMail},
		{"endorsement line", "4027090234567812345610118", "F-902345678-123456", 0, []string{"F-902345678-123456", "270-902345678-123456"}, barcode.KindMail},
		{"unknown STID", "0099990234567812345612345", "999-902345678-123456", barcode.KeyUnknownServiceType, []string{"999-902345678-123456"}, barcode.KindUnknown},
		{"reply by MID", "00030123456123456789", "R-123456-123456789", 0, []string{"R-123456-123456789", "030-123456-123456789"}, barcode.KindMail},
		{"reply by routing code", "0005012345678901234512345678901", "reply-050-123456789012345-12345678901", barcode.KeyNotUnique,
			[]string{"reply-050-123456789012345-12345678901", "050-123456-789012345"}, barcode.KindMail},
		{"static", "00734123456123456789", "S-123456-123456789", barcode.KeyNotUnique, []string{"S-123456-123456789", "734-123456-123456789"}, barcode.KindMail},
		{"postal-made", "9400910001323040000112345", "pimb-94009100013230400001", 0, []string{"pimb-94009100013230400001"}, barcode.KindMail},
		{"package", "420787459400111206206406260787", "impb-9400111206206406260787", 0, []string{"impb-9400111206206406260787"}, barcode.KindPackage},
		{"package without ZIP", "9400 1112 0620 6406 2607 87", "impb-9400111206206406260787", 0, []string{"impb-9400111206206406260787"}, barcode.KindPackage},
		{"legacy package", "7196 9010 7560 0307 7385", "impb-9171969010756003077385", 0, []string{"impb-9171969010756003077385"}, barcode.KindSpecialService},
		{"certified", withCheckDigit("940730123456123456789"), "impb-" + withCheckDigit("940730123456123456789"), 0,
			[]string{"impb-" + withCheckDigit("940730123456123456789")}, barcode.KindSpecialService},
		{"S10", "RB 123 456 785 GB", "s10-RB123456785GB", 0, []string{"s10-RB123456785GB"}, barcode.KindMail},
		{"tray", "101999241790234567812341", "imtb-101999241790234567812341", 0, []string{"imtb-101999241790234567812341"}, barcode.KindMail},
		{"PLANET", "401234567891", "planet-401234567891", barcode.KeyNotUnique, []string{"planet-401234567891"}, barcode.KindMail},
		{"POSTNET", "123455", "postnet-123455", barcode.KeyNotUnique, []string{"postnet-123455"}, barcode.KindMail},
		{"container", "99m-123456-abc123def456", "imcb-99M123456ABC123DEF456", 0, []string{"imcb-99M123456ABC123DEF456"}, barcode.KindMail},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := barcode.Parse(test.text)
			require.NoError(t, err)
			types := barcode.BuiltinServiceTypes()
			key, note := p.AppendPieceKey([]byte("before "), types)
			require.Equal(t, "before "+test.key, string(key))
			require.LessOrEqual(t, len(test.key), barcode.MaxPieceKey)
			require.Equal(t, test.note, note)
			require.Equal(t, test.lookup, p.LookupKeys(types))
			require.Equal(t, test.kind, p.Kind(types, barcode.BuiltinSpecialServices()))
		})
	}

	var zero barcode.Parsed
	key, _ := zero.AppendPieceKey(nil, barcode.BuiltinServiceTypes())
	require.Empty(t, key)
	require.Nil(t, zero.LookupKeys(barcode.BuiltinServiceTypes()))
	require.Equal(t, barcode.KindUnknown, zero.Kind(barcode.BuiltinServiceTypes(), barcode.BuiltinSpecialServices()))
}

// A key that was stored while the table did not know the STID is found with the table that does.
func TestStoredKeysAreFoundUnderALaterTable(t *testing.T) {
	before, err := barcode.ParseServiceTypes([]byte(head))
	require.NoError(t, err)
	for code := range 1000 {
		stid := []byte{'0' + byte(code/100), '0' + byte(code/10%10), '0' + byte(code%10)}
		m, err := barcode.ParseIMb([]byte("00" + string(stid) + "90234567812345612345"))
		require.NoError(t, err)
		stored, _ := m.AppendPieceKey(nil, before)
		today, _ := m.AppendPieceKey(nil, barcode.BuiltinServiceTypes())
		keys := m.LookupKeys(barcode.BuiltinServiceTypes())
		require.Contains(t, keys, string(stored))
		require.Contains(t, keys, string(today))
	}
}

func TestPieceKeyOfARedirectedPiece(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stid := rapid.StringMatching(`[0-9]{3}`).Draw(t, "stid")
		service, _ := barcode.BuiltinServiceTypes().Lookup([]byte(stid))
		field := rapid.StringMatching(`[0-9]{15}`).Draw(t, "mid and serial")
		routing := func(name string) string {
			return rapid.StringMatching(`|[0-9]{5}|[0-9]{9}|[0-9]{11}`).Draw(t, name)
		}
		before := routing("routing")
		after := before
		if !service.TracedByRouting() {
			after = routing("new routing")
		}
		key := func(text string) string {
			m, err := barcode.ParseIMb([]byte(text))
			require.NoError(t, err)
			key, _ := m.AppendPieceKey(nil, barcode.BuiltinServiceTypes())
			return string(key)
		}
		require.Equal(t, key("00"+stid+field+before), key("93"+stid+field+after))
	})
}

// Pieces that differ in class, MID or serial number have different keys.
func TestPieceKeysOfDifferentPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (string, barcode.ServiceType, bool) {
			text := rapid.StringMatching(`(00|93|94)(270|310|271|050|051|030|734|99[0-9])[0-9]{2}0000000000[0-9]{3}(|0000[01]|00000000[01])`).Draw(t, name)
			service, known := barcode.BuiltinServiceTypes().Lookup([]byte(text[2:5]))
			return text, service, known
		}
		a, serviceA, knownA := draw("a")
		b, serviceB, knownB := draw("b")
		same := a[5:20] == b[5:20]
		switch {
		case a[:2] == "94" || b[:2] == "94":
			same = a[:20] == b[:20]
		case !knownA || !knownB:
			same = same && a[2:5] == b[2:5]
		case serviceA.TracedByRouting() || serviceB.TracedByRouting():
			same = same && a[2:5] == b[2:5] && a[20:] == b[20:]
		default:
			same = same && serviceA.Class == serviceB.Class
		}
		key := func(text string) string {
			m, err := barcode.ParseIMb([]byte(text))
			require.NoError(t, err)
			key, _ := m.AppendPieceKey(nil, barcode.BuiltinServiceTypes())
			return string(key)
		}
		require.Equal(t, same, key(a) == key(b), "%s %s", a, b)
	})
}
