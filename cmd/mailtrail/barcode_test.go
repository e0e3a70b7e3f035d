package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/barcode"
)

// The samples of USPS-B-3200, appendix C.
const (
	sampleTracking = "01234567094987654321"
	sampleBars     = "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT"
	routedBars     = "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"
)

func upsideDown(bars string) string {
	turned := make([]byte, len(bars))
	for i, c := range []byte(bars) {
		turned[len(bars)-1-i] = map[byte]byte{'A': 'D', 'D': 'A', 'F': 'F', 'T': 'T'}[c]
	}
	return string(turned)
}

// feeding runs one command line with something on its standard input.
func feeding(stdin string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), args, surroundings{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr})
	return outcome{status, stdout.String(), stderr.String()}
}

// hopeless is the answer to bars that are too far from any barcode.
var hopeless = func() string {
	_, err := barcode.NewRepairer(nil).Repair([]byte(strings.Repeat("A", barcode.BarCount)), 0)
	return "refused: " + err.Error() + "\n"
}()

func TestBarcodeAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		stdin  string
		args   []string
		stdout string
		stderr string
	}{
		"encode an argument":       {"", []string{"encode", sampleTracking}, sampleBars + "\n", ""},
		"encode two arguments":     {"", []string{"encode", sampleTracking, "01234567891"}, routedBars + "\n", ""},
		"encode lines":             {sampleTracking + "\r\n " + sampleTracking + "\t01234567891 ", []string{"encode"}, sampleBars + "\n" + routedBars + "\n", ""},
		"encode three words":       {sampleTracking + " 12345 6789\n", []string{"encode"}, "refused: more than two words; expected a tracking code and at most one routing code\n", "of 1 lines 1 refused"},
		"encode nothing on a line": {"\n" + sampleTracking + "\n", []string{"encode"}, "refused: IMb: tracking code: wrong length; expected 20 digits\n" + sampleBars + "\n", "of 2 lines 1 refused"},
		"encode a wrong routing":   {"", []string{"encode", sampleTracking, "1234O"}, "refused: IMb: routing code: place 5: not a digit; expected 0 to 9\n", "1 refused"},
		"encode no input":          {"", []string{"encode"}, "", ""},
		"encode as JSON": {"", []string{"encode", "--format", "json", sampleTracking, "01234567891"},
			`{"input":"01234567094987654321 01234567891","status":"ok","imb":"0123456709498765432101234567891","tracking":"01234567094987654321","routing":"01234567891","bars":"` + routedBars + `"}` + "\n", ""},
		"encode a refusal as JSON": {"", []string{"encode", "--format", "json", "0\"\xc3\xa9"},
			"{\"input\":\"0\\\"\xc3\xa9\",\"status\":\"refused\",\"error\":\"IMb: tracking code: wrong length; expected 20 digits\"}\n", "1 refused"},

		"encode a quotation mark as JSON": {`"`, []string{"encode", "--format", "json"},
			`{"input":"\"","status":"refused","error":"IMb: tracking code: wrong length; expected 20 digits"}` + "\n", "1 refused"},

		"decode":             {"", []string{"decode", sampleBars, routedBars}, sampleTracking + "\n" + sampleTracking + " 01234567891\n", ""},
		"decode small":       {strings.ToLower(routedBars), []string{"decode"}, sampleTracking + " 01234567891\n", ""},
		"decode upside down": {upsideDown(sampleBars), []string{"decode"}, sampleTracking + "\n", ""},
		"decode damaged":     {"DTTFATTDTTADTA?TTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT\n" + routedBars[1:] + "\nT" + routedBars + "\n", []string{"decode"}, sampleTracking + "\n" + sampleTracking + " 01234567891\n" + sampleTracking + " 01234567891\n", ""},
		"decode without repair": {"D" + sampleBars[1:], []string{"decode", "--repair", "0"},
			hopeless, "1 refused"},
		"decode digits":    {sampleTracking, []string{"decode"}, "refused: IMb: bars: place 1: not a bar; expected A, D, F or T\n", "1 refused"},
		"decode not text":  {"AD\x00\nAD\xff\n" + sampleBars + "\n", []string{"decode"}, "refused: the line is not text\nrefused: the line is not text\n" + sampleTracking + "\n", "of 3 lines 2 refused"},
		"decode long line": {strings.Repeat("A", 100_000) + "\n" + sampleBars, []string{"decode"}, "refused: the line is longer than 4096 bytes\n" + sampleTracking + "\n", "of 2 lines 1 refused"},

		"parse several": {"", []string{"parse", "RB 123 456 785 GB", "9400 1112 0620 6406 2607 88", "hello"},
			"S10 RB123456785GB serviceIndicator=RB serialNumber=12345678 checkDigit=5 country=GB kind=mail pieceKey=s10-RB123456785GB\n" +
				"refused: IMpb: check digit: wrong check digit; expected the check digit of the construct\n" +
				"refused: no known form; expected 65 bars, or digits: 20, 25, 29 or 31 (IMb), 24 (IMtb), 22, 26, 30, 34, 38 or 42 (IMpb), 6, 10 or 12 (POSTNET), 12 or 14 (PLANET), or 13 characters (S10), or 21 that begin with 99M (IMcb)\n",
			"of 3 lines 2 refused"},
		"parse two readings": {"0307 1790 0005 2348 3741", []string{"parse"},
			"IMpb 9103071790000523483741 applicationIdentifier=91 serviceTypeCode=03 mid=071790000 serialNumber=52348374 checkDigit=1 kind=package pieceKey=impb-9103071790000523483741 otherReading=true\n", ""},
		"parse a special service": {"7196 9010 7560 0307 7385", []string{"parse"},
			"IMpb 9171969010756003077385 applicationIdentifier=91 serviceTypeCode=71 specialService=certified mid=969010756 serialNumber=00307738 checkDigit=5 kind=\"special service\" pieceKey=impb-9171969010756003077385 otherReading=true\n", ""},
		"parse as JSON": {"401234567891", []string{"parse", "--format", "json"},
			`{"input":"401234567891","status":"ok","object":"PLANET","fields":{"serviceType":"40","subscriber":"12345","customer":"6789","checkDigit":"1","kind":"mail","pieceKey":"planet-401234567891","pieceKeyNote":"not unique"},"otherReading":true}` + "\n", ""},
		"parse a refusal as JSON": {"RB123456786GB", []string{"parse", "--format", "json"},
			`{"input":"RB123456786GB","status":"refused","error":"S10: check digit: wrong check digit; expected the check digit of the serial number"}` + "\n", "1 refused"},
		"parse hopeless bars": {strings.Repeat("A", 65), []string{"parse"},
			hopeless, "1 refused"},
	} {
		t.Run(name, func(t *testing.T) {
			got := feeding(test.stdin, append([]string{"barcode"}, test.args...)...)
			require.Equal(t, test.stdout, got.stdout)
			require.Contains(t, got.stderr, test.stderr)
			require.Equal(t, test.stderr != "", got.stderr != "", got.stderr)
			require.Equal(t, test.stderr != "", got.status == exitFailed)
		})
	}
}

func TestBarcodeWrongUsage(t *testing.T) {
	known := filepath.Join(t.TempDir(), "known.txt")
	require.NoError(t, os.WriteFile(known, []byte("123456\n902345678\n12\n"), 0o600))
	for name, test := range map[string]struct {
		args   []string
		stderr string
	}{
		"format":            {[]string{"encode", "--format", "csv"}, "expected text or json"},
		"three codes":       {[]string{"encode", "1", "2", "3"}, "accepts at most 2 arg(s)"},
		"limit":             {[]string{"decode", "--repair", "5"}, "--repair 5: expected 0 to 4"},
		"no known set":      {[]string{"decode", "--known", "absent.txt"}, "absent.txt"},
		"broken known set":  {[]string{"decode", "--known", known}, `known.txt: line 3: mid: "12"`},
		"day":               {[]string{"parse", "--on", "today"}, `--on "today": expected a day, YYYY-MM-DD`},
		"picture format":    {[]string{"print", "--format", "gif"}, `--format "gif": expected svg or png`},
		"picture by name":   {[]string{"print", "--out", "x.gif"}, `--format "gif": expected svg or png`},
		"resolution":        {[]string{"print", "--dpi", "72"}, "try 80"},
		"many PNG on stdin": {[]string{"print", "--format", "png"}, "the picture of one barcode"},
	} {
		t.Run(name, func(t *testing.T) {
			got := feeding(sampleBars+"\n"+sampleBars+"\n", append([]string{"barcode"}, test.args...)...)
			require.Equal(t, exitWrong, got.status, got.stderr)
			require.Contains(t, got.stderr, test.stderr)
			require.Empty(t, got.stdout)
		})
	}
}

// object is an answer of --format json.
type object struct {
	Input, Status, Imb, Tracking, Routing, Bars, Error string
	Repaired                                           int
	Confidence                                         float64
	Known                                              bool
	Candidates                                         []struct{ Imb, Tracking, Routing, Bars string }
}

func objects(t *testing.T, lines string) (all []object) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var o object
		require.NoError(t, json.Unmarshal([]byte(line), &o), line)
		all = append(all, o)
	}
	return all
}

func TestBarcodeDecodeRepairs(t *testing.T) {
	damaged := []byte(routedBars)
	damaged[0], damaged[30] = 'F', '?'
	got := feeding(string(damaged), "barcode", "decode", "--format", "json")
	require.Zero(t, got.status, got.stderr)
	answer := objects(t, got.stdout)[0]
	require.Equal(t, string(damaged), answer.Input)
	require.Equal(t, "repaired", answer.Status)
	require.Equal(t, sampleTracking+"01234567891", answer.Imb)
	require.Equal(t, routedBars, answer.Bars)
	require.Equal(t, 2, answer.Repaired)
	require.InDelta(t, 1, answer.Confidence, 0.01)

	right := feeding(routedBars, "barcode", "decode", "--format", "json")
	require.Regexp(t, `^\{"input":"`+routedBars+`","status":"ok","imb":"0123456709498765432101234567891","tracking":"01234567094987654321","routing":"01234567891","bars":"`+
		routedBars+`","confidence":[0-9.]+\}\n$`, right.stdout)
	turned := feeding(upsideDown(routedBars), "barcode", "decode", "--format", "json")
	require.Contains(t, turned.stdout, `,"bars":"`+routedBars+`","upsideDown":true,`)

	parsed := feeding(string(damaged), "barcode", "parse")
	require.Zero(t, parsed.status)
	require.Contains(t, parsed.stdout, "IMb "+sampleTracking+"01234567891 barcodeId=01 ")
	require.Regexp(t, ` repaired=2 confidence=\S+\n$`, parsed.stdout)
}

// ambiguousRead returns bars with two wrong ones that are equally near to several barcodes, and the right barcode.
func ambiguousRead(t *testing.T) (string, barcode.IMb) {
	r, repairer := rand.New(rand.NewPCG(1, 2)), barcode.NewRepairer(nil)
	for range 5000 {
		m, err := barcode.ParseIMb(append([]byte("00270"), randomDigits(r, 15)...))
		require.NoError(t, err)
		bars := m.Bars()
		for range 2 {
			bars[r.IntN(len(bars))] = "ADFT"[r.IntN(4)]
		}
		repaired, err := repairer.Repair(bars[:], barcode.MaxRepair)
		require.NoError(t, err)
		if repaired.Outcome == barcode.OutcomeAmbiguous {
			return string(bars[:]), m
		}
	}
	t.Fatal("no ambiguous read was found")
	return "", barcode.IMb{}
}

func randomDigits(r *rand.Rand, n int) (digits []byte) {
	for range n {
		digits = append(digits, '0'+byte(r.IntN(10)))
	}
	return digits
}

func TestBarcodeDecodeAmbiguous(t *testing.T) {
	bars, right := ambiguousRead(t)
	got := feeding(bars, "barcode", "decode")
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "of 1 lines 1 ambiguous")
	said, found := strings.CutPrefix(strings.TrimSpace(got.stdout), "ambiguous: ")
	require.True(t, found, got.stdout)
	candidates := strings.Split(said, " | ")
	require.Contains(t, candidates, string(right.Digits()))
	require.Greater(t, len(candidates), 1)
	require.Equal(t, got.stdout, feeding(bars, "barcode", "parse").stdout)

	answer := objects(t, feeding(bars, "barcode", "decode", "--format", "json").stdout)[0]
	require.Equal(t, "ambiguous", answer.Status)
	require.Empty(t, answer.Imb)
	require.Len(t, answer.Candidates, len(candidates))
	for i, c := range answer.Candidates {
		require.Equal(t, candidates[i], strings.TrimSpace(c.Tracking+" "+c.Routing))
		require.Equal(t, c.Imb, c.Tracking+c.Routing)
	}

	known := filepath.Join(t.TempDir(), "known.txt")
	for _, head := range []string{"", "source a test\n", "effective 2026-01-01\n", "effective 2026-01-01\nsource a test\n"} {
		require.NoError(t, os.WriteFile(known, []byte(head+string(right.MID())), 0o600))
		settled := feeding(bars, "barcode", "decode", "--known", known, "--format", "json")
		require.Zero(t, settled.status, settled.stderr)
		answer = objects(t, settled.stdout)[0]
		require.Equal(t, "repaired", answer.Status)
		require.Equal(t, string(right.Digits()), answer.Imb)
		require.True(t, answer.Known)
	}
}

func TestBarcodeParseTakesTheTableOfTheConfiguration(t *testing.T) {
	table := filepath.Join(t.TempDir(), "stid.txt")
	require.NoError(t, os.WriteFile(table, []byte("effective 2026-01-01\nsource test\n270 share - basic - - none - 2026-03-01\n"), 0o600))
	got := feeding("00270902345678123456", "barcode", "parse", "--set", "reference.service_types="+table, "--on", "2026-03-01")
	require.Zero(t, got.status, got.stderr)
	require.Contains(t, got.stdout, " stid=270 standing=retired class=share ")
	got = feeding("00270902345678123456", "barcode", "parse", "--set", "reference.service_types="+table, "--on", "2026-02-28")
	require.Contains(t, got.stdout, " stid=270 class=share ")

	require.NoError(t, os.WriteFile(table, []byte("270\n"), 0o600))
	got = feeding("00270902345678123456", "barcode", "parse", "--set", "reference.service_types="+table)
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "reference.service_types: "+table+": line 1")
}

func TestBarcodePrint(t *testing.T) {
	svg := feeding(sampleTracking+" 01234567891\nx\n"+sampleBars+"\n", "barcode", "print", "--text")
	require.Equal(t, exitFailed, svg.status)
	lines := strings.Split(strings.TrimSuffix(svg.stdout, "\n"), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], ">01 234 567094 987654321 01234567891</text></svg>")
	require.Equal(t, "refused: IMb: tracking code: wrong length; expected 20 digits", lines[1])
	require.Contains(t, lines[2], ">01 234 567094 987654321</text></svg>")

	for _, args := range [][]string{{sampleTracking, "01234567891"}, {sampleTracking + "01234567891"}, {routedBars}} {
		picture := feeding("", append([]string{"barcode", "print", "--format", "png", "--dpi", "300"}, args...)...)
		require.Zero(t, picture.status, picture.stderr)
		config, err := png.DecodeConfig(strings.NewReader(picture.stdout))
		require.NoError(t, err)
		require.Equal(t, []int{978, 62}, []int{config.Width, config.Height})
	}
	require.Zero(t, feeding(sampleBars+"\n", "barcode", "print", "--format", "png").status)
	wrong := feeding("", "barcode", "print", "--format", "png", "12")
	require.Equal(t, exitFailed, wrong.status)
	require.Empty(t, wrong.stdout)
}

func TestBarcodePrintToFiles(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "label-{}.png")
	got := feeding(sampleBars+"\nx\n"+routedBars+"\n", "barcode", "print", "--out", name, "--dpi", "203")
	require.Equal(t, exitFailed, got.status)
	require.Equal(t, filepath.Join(folder, "label-1.png")+"\nrefused: IMb: tracking code: wrong length; expected 20 digits\n"+filepath.Join(folder, "label-3.png")+"\n", got.stdout)
	for _, n := range []string{"1", "3"} {
		file, err := os.ReadFile(strings.ReplaceAll(name, "{}", n))
		require.NoError(t, err)
		_, err = png.Decode(bytes.NewReader(file))
		require.NoError(t, err)
	}
	require.NoFileExists(t, strings.ReplaceAll(name, "{}", "2"))

	one := filepath.Join(folder, "one.svg")
	got = feeding(sampleBars+"\n"+routedBars+"\n", "barcode", "print", "--out", one)
	require.Equal(t, exitFailed, got.status)
	require.Equal(t, one+"\nrefused: the name of --out is for one barcode; for many put {} into it\n", got.stdout)
	file, err := os.ReadFile(one)
	require.NoError(t, err)
	m, err := barcode.ParseIMb([]byte(sampleTracking))
	require.NoError(t, err)
	require.Equal(t, string(barcode.ExactLayout().SVG(&m, false)), string(file), "the first barcode's picture is not written over")

	got = feeding(sampleBars, "barcode", "print", "--out", filepath.Join(folder, "absent", "x.svg"))
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stdout, "refused: ")
}

// Whatever the number of lines, and however long each takes, every answer stands in the place of its line.
func TestBarcodeAnswersKeepTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var in, want bytes.Buffer
	for i := range 20_000 {
		m, err := barcode.ParseIMb(append([]byte("00270"), randomDigits(r, 15)...))
		require.NoError(t, err)
		bars := m.Bars()
		switch i % 100 {
		case 7:
			in.WriteString("X\n")
			want.WriteString("refused: IMb: bars: place 1: not a bar; expected A, D, F or T\n")
			continue
		case 13: // takes long
			in.WriteString(strings.Repeat("A", 65) + "\n")
			want.WriteString(hopeless)
			continue
		}
		in.Write(append(bars[:], '\n'))
		want.WriteString(string(m.Digits()) + "\n")
	}
	got := feeding(in.String(), "barcode", "decode", "--repair", "1")
	require.Equal(t, want.String(), got.stdout)
	require.Contains(t, got.stderr, "of 20000 lines 400 refused")
}

// A program at the other end may write a line, wait for its answer, and then write the next.
func TestBarcodeAnswersBeforeTheInputEnds(t *testing.T) {
	questions, ask := io.Pipe()
	answers, answer := io.Pipe()
	status := make(chan int)
	go func() {
		s := run(t.Context(), []string{"barcode", "encode"}, surroundings{stdin: questions, stdout: answer, stderr: io.Discard})
		_ = answer.Close()
		status <- s
	}()
	for _, half := range []string{"", sampleTracking[:7]} { // the second time the next line has begun already
		_, err := io.WriteString(ask, strings.TrimPrefix(sampleTracking, half)+"\n"+sampleTracking[:7])
		require.NoError(t, err)
		got := make([]byte, len(sampleBars)+1)
		_, err = io.ReadFull(answers, got)
		require.NoError(t, err)
		require.Equal(t, sampleBars+"\n", string(got))
	}
	require.NoError(t, ask.Close())
	rest, err := io.ReadAll(answers)
	require.NoError(t, err)
	require.Equal(t, "refused: IMb: tracking code: wrong length; expected 20 digits\n", string(rest))
	require.Equal(t, exitFailed, <-status)
}

// longLine is a line of so many bytes that never were in memory at once.
type longLine struct{ left int }

func (l *longLine) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), l.left)
	for i := range n {
		p[i] = 'A'
	}
	l.left -= n
	return n, nil
}

func TestBarcodeStreamNeedsNoMoreMemoryForALongLine(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var out bytes.Buffer
	total, err := stream(t.Context(), &longLine{64 << 20}, &out, []answerer{encoder{refusal{"text"}}})
	require.NoError(t, err)
	require.Equal(t, tally{lines: 1, refused: 1}, total)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}

// brokenReader gives some lines and then fails.
type brokenReader struct{ lines io.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.lines.Read(p)
	if err == io.EOF {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestBarcodeStreamFails(t *testing.T) {
	var out bytes.Buffer
	who := []answerer{encoder{refusal{"text"}}}
	total, err := stream(t.Context(), brokenReader{strings.NewReader(sampleTracking + "\n" + sampleTracking)}, &out, who)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Equal(t, tally{lines: 2}, total, "what was read is answered")
	require.Equal(t, sampleBars+"\n"+sampleBars+"\n", out.String())

	_, err = stream(t.Context(), strings.NewReader(strings.Repeat(sampleTracking+"\n", 100_000)), brokenWriter{}, who)
	require.ErrorIs(t, err, os.ErrClosed)

	silent, ask := io.Pipe()
	defer ask.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = stream(ctx, silent, &out, who)
	require.ErrorIs(t, err, context.Canceled)
}

// Whatever comes in, every line has one answer, and as JSON it is an object that says its status.
func FuzzBarcodeAnswers(f *testing.F) {
	f.Add([]byte(sampleTracking + " 12345\n\n" + sampleBars + "\r\n?" + sampleBars[1:] + "\nRB123456785GB"))
	f.Add([]byte("\xff\x00\n\"\\\n" + strings.Repeat("A", maxAnswerLine+1)))
	f.Fuzz(func(t *testing.T, in []byte) {
		lines := bytes.Count(in, []byte("\n"))
		if len(in) > 0 && in[len(in)-1] != '\n' {
			lines++
		}
		repairer := barcode.NewRepairer(nil)
		for _, format := range []answerFormat{"text", "json"} {
			for _, who := range []answerer{
				encoder{refusal{format}}, &decoder{refusal{format}, repairer, 1},
				&parser{refusal: refusal{format}, repairer: repairer, limit: 1, types: barcode.BuiltinServiceTypes()},
			} {
				var out bytes.Buffer
				total, err := stream(t.Context(), bytes.NewReader(in), &out, []answerer{who})
				require.NoError(t, err)
				require.Equal(t, lines, total.lines)
				require.Equal(t, lines, bytes.Count(out.Bytes(), []byte("\n")))
				if format != "json" {
					continue
				}
				for _, o := range objects(t, out.String()) {
					require.Contains(t, []string{"ok", "repaired", "ambiguous", "refused"}, o.Status)
					require.Equal(t, o.Status == "refused" || o.Status == "ambiguous", o.Error != "")
				}
			}
		}
	})
}
