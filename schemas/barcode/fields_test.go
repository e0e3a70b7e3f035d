package barcode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

func TestFields(t *testing.T) {
	types, err := barcode.ParseServiceTypes([]byte(head +
		"270 first-class - full iv - none\n271 marketing political basic - onecode asr-1 - 2025-01-01\n050 reply courtesy-zip basic iv - -\n"))
	require.NoError(t, err)
	for name, test := range map[string]struct{ text, fields string }{
		"piece": {"0027090234567812345612345678901",
			"barcodeId=00 stid=270 class=first-class level=full-service scans=iv-mtr correction=none mid=902345678 serialNumber=123456 routingCode=12345678901 " +
				"kind=mail pieceKey=F-902345678-123456"},
		"redirected, retired STID": {"93271123456123456789",
			"barcodeId=93 made=redirected stid=271 standing=retired class=marketing use=political level=basic acs=onecode correction=asr-1 mid=123456 " +
				"serialNumber=123456789 kind=mail pieceKey=M-123456-123456789"},
		"endorsement line, unknown STID": {"40999123456123456789",
			"barcodeId=40 oel=ADC stid=999 standing=unknown mid=123456 serialNumber=123456789 kind=unknown pieceKey=999-123456-123456789"},
		"reply": {"0005012345678901234512345678901",
			"barcodeId=00 stid=050 class=reply use=courtesy-zip level=basic scans=iv-mtr customerField=123456789012345 routingCode=12345678901 " +
				"kind=mail pieceKey=reply-050-123456789012345-12345678901 pieceKeyNote=not unique"},
		"postal-made": {"9400910001323040000112345",
			"barcodeId=94 made=postal stid=009 standing=unknown machineType=1 machineNumber=1 dayOfYear=323 halfHour=4 sequence=1 routingCode=12345 " +
				"kind=mail pieceKey=pimb-94009100013230400001"},
		"postal-made at no time": {"94009100019990400001",
			"barcodeId=94 made=postal stid=009 standing=unknown customerField=100019990400001 kind=mail pieceKey=pimb-94009100019990400001"},
		"package": {"420787459400111206206406260787",
			"destinationZip=78745 applicationIdentifier=94 serviceTypeCode=001 mid=206206 serialNumber=40626078 checkDigit=7 kind=package pieceKey=impb-9400111206206406260787"},
		"special service": {"7196 9010 7560 0307 7385",
			"applicationIdentifier=91 serviceTypeCode=71 specialService=certified mid=969010756 serialNumber=00307738 checkDigit=5 " +
				"kind=special service pieceKey=impb-9171969010756003077385"},
		"S10": {"RB123456785GB", "serviceIndicator=RB serialNumber=12345678 checkDigit=5 country=GB kind=mail pieceKey=s10-RB123456785GB"},
		"tray": {"101999241790234567812341",
			"destinationZip=10199 cin=924 processingCode=1 mid=790234 serialNumber=56781234 labelType=1 kind=mail pieceKey=imtb-101999241790234567812341"},
		"container": {"99M123456ABC123DEF456", "mid=123456 serialNumber=ABC123DEF456 kind=mail pieceKey=imcb-99M123456ABC123DEF456"},
		"PLANET": {"401234567891",
			"serviceType=40 subscriber=12345 customer=6789 checkDigit=1 kind=mail pieceKey=planet-401234567891 pieceKeyNote=not unique"},
		"POSTNET": {"123455", "routingCode=12345 checkDigit=5 kind=mail pieceKey=postnet-123455 pieceKeyNote=not unique"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := barcode.Parse(test.text)
			require.NoError(t, err)
			var said []string
			for _, field := range p.Fields(types, barcode.BuiltinSpecialServices(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
				said = append(said, field.Name+"="+field.Value)
			}
			require.Equal(t, test.fields, strings.Join(said, " "))
		})
	}
	var zero barcode.Parsed
	require.Empty(t, zero.Fields(types, barcode.BuiltinSpecialServices(), time.Time{}))
}
