package resp

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parseAll(p *Parser, b []byte) (out [][]string, rest int, err error) {
	for {
		args, taken, err := p.Next(b[rest:], nil)
		if err != nil || taken == 0 {
			return out, rest, err
		}
		rest += taken
		var words []string
		for _, a := range args {
			words = append(words, string(a))
		}
		out = append(out, words)
	}
}

func TestParser(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][][]string{
		"*1\r\n$4\r\nPING\r\n":                             {{"PING"}},
		"*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$1\r\nx\r\n":   {{"GET", ""}, {"x"}},
		"PING\r\nGET a\nSET k \"a\\x00\\n b\" 'c\\'d'\r\n": {{"PING"}, {"GET", "a"}, {"SET", "k", "a\x00\n b", "c'd"}},
		"\r\n*0\r\n*-1\r\nx\r\n":                           {nil, nil, nil, {"x"}},
		"*1\r\n$4\r\n\r\n\r\n\r\n":                         {{"\r\n\r\n"}},
	} {
		got, rest, err := parseAll(&Parser{}, []byte(in))
		if err != nil || rest != len(in) {
			t.Errorf("%q: %v, %d of %d bytes", in, err, rest, len(in))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestParserRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"*1\r\nPING\r\n":                        "expected '$', got 'P'",
		"*abc\r\n":                              "invalid multibulk length",
		"*99999999\r\n":                         "invalid multibulk length",
		"*01\r\n":                               "invalid multibulk length",
		"*1\r\n$-1\r\n":                         "invalid bulk length",
		"*1\r\n$abc\r\n":                        "invalid bulk length",
		"*1\r\n$536870913\r\n":                  "invalid bulk length",
		"*1\r\n$\r\n":                           "invalid bulk length",
		"GET \"a\r\n":                           "unbalanced quotes in request",
		"GET \"a\"b\r\n":                        "unbalanced quotes in request",
		strings.Repeat("x", InlineLimit+1):      "too big inline request",
		"*" + strings.Repeat("1", 70_000):       "too big mbulk count string",
		"*1\r\n$" + strings.Repeat("1", 70_000): "too big bulk count string",
	} {
		_, _, err := parseAll(&Parser{}, []byte(in))
		if err == nil || err.Error() != "Protocol error: "+want {
			t.Errorf("%.20q: %v, want %s", in, err, want)
		}
	}
	for in, want := range map[string]string{
		"*11\r\n":          "unauthenticated multibulk length",
		"*1\r\n$16385\r\n": "unauthenticated bulk length",
	} {
		if _, _, err := parseAll(&Parser{Stranger: true}, []byte(in)); err == nil || err.Error() != "Protocol error: "+want {
			t.Errorf("stranger, %.20q: %v, want %s", in, err, want)
		}
	}
}

// A length that was announced is told, so that its reader can follow what comes; the parser itself keeps nothing.
func TestParserTellsWhatItWants(t *testing.T) {
	t.Parallel()
	var p Parser
	in := []byte("*2\r\n$3\r\nSET\r\n$536870912\r\nab")
	if _, taken, err := p.Next(in, nil); taken != 0 || err != nil {
		t.Fatalf("%d, %v", taken, err)
	}
	if want := 13 + 12 + 536870912 + 2; p.Want() != want {
		t.Errorf("Want is %d, want %d", p.Want(), want)
	}
}

// However the bytes are cut, the commands are the same.
func FuzzParser(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\n"), uint8(3))
	f.Add([]byte("SET k \"a b\"\r\n*0\r\n*1\r\n$2\r\n\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, cut uint8) {
		want, rest, wantErr := parseAll(&Parser{}, in)
		var p Parser
		var got [][]string
		var gotErr error
		from := 0
		for to := 0; to < len(in) && gotErr == nil; {
			to = min(to+int(cut)%7+1, len(in))
			more, n, err := parseAll(&p, in[from:to])
			got, gotErr = append(got, more...), err
			from += n
		}
		if fmt.Sprint(wantErr) != fmt.Sprint(gotErr) {
			t.Fatalf("%q in pieces: %v, whole: %v", in, gotErr, wantErr)
		}
		if wantErr == nil && from != rest {
			t.Fatalf("%q in pieces took %d bytes, whole %d", in, from, rest)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-whole +pieces):\n%s", in, diff)
		}
	})
}

func TestWriter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		write  func(*Writer)
		v2, v3 string
	}{
		{func(w *Writer) { w.Status("OK") }, "+OK\r\n", "+OK\r\n"},
		{func(w *Writer) { w.Error("ERR a\r\nb") }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
		{func(w *Writer) { w.Int(-5) }, ":-5\r\n", ":-5\r\n"},
		{func(w *Writer) { w.Bulk([]byte("a\r\n")) }, "$3\r\na\r\n\r\n", "$3\r\na\r\n\r\n"},
		{func(w *Writer) { w.BulkString("") }, "$0\r\n\r\n", "$0\r\n\r\n"},
		{func(w *Writer) { w.BulkInt(12) }, "$2\r\n12\r\n", "$2\r\n12\r\n"},
		{func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{func(w *Writer) { w.Array(2) }, "*2\r\n", "*2\r\n"},
		{func(w *Writer) { w.Map(2) }, "*4\r\n", "%2\r\n"},
		{func(w *Writer) { w.Set(2) }, "*2\r\n", "~2\r\n"},
		{func(w *Writer) { w.Push(2) }, "*2\r\n", ">2\r\n"},
		{func(w *Writer) { w.Bool(true) }, ":1\r\n", "#t\r\n"},
		{func(w *Writer) { w.Bool(false) }, ":0\r\n", "#f\r\n"},
		{func(w *Writer) { w.Double(1.5) }, "$3\r\n1.5\r\n", ",1.5\r\n"},
		{func(w *Writer) { w.Verbatim("txt", "hi") }, "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"},
		{func(w *Writer) { w.Raw([]byte("+x\r\n")) }, "+x\r\n", "+x\r\n"},
	} {
		for v3, want := range map[bool]string{false: c.v2, true: c.v3} {
			w := &Writer{V3: v3}
			c.write(w)
			if !bytes.Equal(w.Buf, []byte(want)) {
				t.Errorf("v3=%v: %q, want %q", v3, w.Buf, want)
			}
		}
	}
}

// The texts are those of C's printf("%.17g").
func TestAppendDouble(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "1": 1, "-1": -1, "3.1000000000000001": 3.1, "0.10000000000000001": 0.1,
		"1e+17": 1e17, "10000000000000000": 1e16, "1.0000000000000001e-05": 1e-5, "0.0001": 1e-4, "inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(),
		"1.7976931348623157e+308": math.MaxFloat64, "4.9406564584124654e-324": 5e-324, "123456789.123": 123456789.123, "1234567890123456.8": 1234567890123456.8, "1.0000000000000001e+300": 1.0000000000000001e300, "-2.5": -2.5,
	} {
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("%v: %q, want %q", f, got, want)
		}
	}
}
