package plainjson

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/google/go-cmp/cmp"
)

// upper reads itself from a string.
type upper string

func (u *upper) UnmarshalText(text []byte) error {
	*u = upper(strings.ToUpper(string(text)))
	return nil
}

type leaf struct {
	Name string  `json:"name"`
	N    float64 `json:"n,omitempty"`
}

// tree has a part of every kind.
type tree struct {
	Bool     bool          `json:"bool"`
	Int      int64         `json:"int"`
	Tiny     int8          `json:"tiny"`
	Byte     uint8         `json:"byte"`
	Uint     uint64        `json:"uint"`
	Float    float64       `json:"float"`
	Short    float32       `json:"short"`
	Text     string        `json:"text"`
	Texts    []string      `json:"texts"`
	Leaf     leaf          `json:"leaf"`
	Leaves   []leaf        `json:"leaves"`
	Down     *tree         `json:"down"`
	Trees    []tree        `json:"trees"`
	At       time.Time     `json:"at"`
	Maybe    *time.Time    `json:"maybe"`
	Took     time.Duration `json:"took"`
	Upper    upper         `json:"upper"`
	Uppers   []*upper      `json:"uppers"`
	Map      map[string]int
	Any      any             `json:"any"`
	Raw      json.RawMessage `json:"raw"`
	Bytes    []byte          `json:"bytes"`
	Array    [3]int          `json:"array"`
	Named    texts3          `json:"named"`
	Lists    [][]int         `json:"lists"`
	Quoted   quoted          `json:"quoted"`
	Embeds   embeds          `json:"embeds"`
	Ignored  string          `json:"-"`
	UserName string          `json:"user_name"`
	hidden   string          //nolint:unused // a field that no text reaches
}

type texts3 []string

type quoted struct {
	N int `json:"n,string"`
}

type embeds struct {
	leaf

	More int
}

var treePlan = For(reflect.TypeFor[tree](), func(text []byte, pointer any) error { return jsonv1.Unmarshal(text, pointer) })

// agrees compares what the plan makes of a text with encoding/json and with the codec's own decoder; it reports whether the
// plan took the text.
func agrees(t testing.TB, data string) bool {
	t.Helper()
	var got, std, v1 tree
	if !treePlan.Decode([]byte(data), reflect.ValueOf(&got).Elem()) {
		return false
	}
	if err := json.Unmarshal([]byte(data), &std); err != nil {
		t.Errorf("%.500q was taken; encoding/json: %v", data, err)
	}
	if err := jsonv1.Unmarshal([]byte(data), &v1); err != nil {
		t.Errorf("%.500q was taken; go-json-experiment: %v", data, err)
	}
	if !reflect.DeepEqual(got, std) || !reflect.DeepEqual(got, v1) {
		t.Errorf("%.500q:\ngot           %+v\nencoding/json %+v\nexperiment    %+v", data, got, std, v1)
	}
	return true
}

var taken = []string{
	`{}`, ` { } `, `null`, "\t{\r\n}\n",
	`{"bool":true,"int":-12,"tiny":-128,"byte":255,"uint":18,"float":150,"text":"soup"}`,
	`{ "bool" : false , "int" : 0 , "text" : "" }`,
	`{"text":"soup","int":1,"bool":true}`, // another order
	`{"int":999999999999999999}`, `{"int":-999999999999999999}`,
	`{"float":0.1,"short":0.1}`, `{"float":1e3}`, `{"float":-0}`, `{"float":-0.0}`, `{"float":123456789012345}`, `{"float":1234567890123456789}`, `{"float":5e-324}`,
	`{"short":16777217}`, `{"short":3.4028235e38}`, `{"float":0,"short":0}`,
	`{"text":"a\n\"b\"\\\/\b\f\r\t"}`, `{"text":"\u00e9\u003c\uD83D\uDE00"}`, `{"text":"é, 日本語, 😀"}`, `{"text":"` + strings.Repeat("long ", 100) + `"}`,
	`{"text":"` + strings.Repeat(`\n`, 300) + `"}`,
	`{"texts":[]}`, `{"texts":["a",null,"b\n"]}`, `{"texts":null}`, `{"texts":["` + strings.Repeat(`x","`, 500) + `"]}`, `{"texts":["one"]}`,
	`{"leaf":{"name":"x","n":1.5},"leaves":[{"name":"a"},null,{"n":2},{}]}`, `{"leaf":null,"leaves":[]}`, `{"leaves":null}`,
	`{"down":{"down":{"int":3}},"trees":[{"int":1},{"trees":[{"int":2}]}]}`, `{"down":null}`,
	`{"at":"2026-03-01T12:00:00Z","maybe":"2026-03-01T12:00:00.123456789+02:00"}`, `{"at":null,"maybe":null}`, `{"at":"2026-03-01T12:00:00+00:00","maybe":"2026-07-01T12:00:00+02:00"}`,
	`{"took":1500000000}`,
	`{"upper":"soup","uppers":["a",null,"b"]}`,
	`{"Map":{"a":1,"b":2},"any":{"x":[1,"a\u0041",null,true,1e2]},"raw":{"k":[ 1 ]},"bytes":"c291cA==","array":[1,2,3]}`,
	`{"Map":null,"any":null,"raw":null,"array":[]}`,
	`{"named":["a"],"lists":[[1,2],[],null,[3]]}`, `{"quoted":{"n":"12"},"embeds":{"name":"in","More":1}}`,
	`{"hidden":"x","Ignored":"y","-":1}`,
	`{"unknown":{"a":[1,2,{"b":"c\n"}],"d":-1.5e+7},"int":7,"other":[],"text":"x","x":"\u00e9","y":true,"z":null}`,
	`{"any":{"a":1,"a":2}}`,
}

var declined = []string{
	``, ` `, `{`, `}`, `[]`, `"x"`, `1`, `{}{}`, `{} x`, `nul`, `truee`, "\xef\xbb\xbf{}",
	`{"int":1,}`, `{,"int":1}`, `{"int" 1}`, `{"int":}`, `{"int"}`, `{int:1}`, `{"int":1 "text":""}`, `{"int":1`, `{"int":1]`,
	`{"int":01}`, `{"int":-01}`, `{"int":-}`, `{"int":1.5}`, `{"int":1e2}`, `{"int":"1"}`, `{"int":9223372036854775808}`, `{"tiny":128}`, `{"byte":256}`, `{"byte":-1}`, `{"uint":-1}`, `{"int":true}`,
	`{"float":.5}`, `{"float":1.}`, `{"float":1e}`, `{"float":01}`, `{"float":+1}`, `{"float":1e400}`, `{"short":1e39}`, `{"float":"1"}`, `{"float":NaN}`,
	`{"text":"a` + "\n" + `"}`, `{"text":"a` + "\x00" + `"}`, `{"text":"\x"}`, `{"text":"\u12"}`, `{"text":"\u12g4"}`, `{"text":"abc`, `{"text":"abc\"`, `{"text":'a'}`, `{"text":1}`,
	`{"bool":tru}`, `{"bool":1}`, `{"bool":truefalse}`,
	`{"texts":["a",]}`, `{"texts":["a" "b"]}`, `{"texts":[1]}`, `{"texts":{}}`, `{"texts":["a"`, `{"lists":[[1,],[2]]}`, `{"leaves":{}}`, `{"leaf":[]}`,
	`{"at":"yesterday"}`, `{"at":1}`, `{"took":"1s"}`, `{"Map":{"a":"b"}}`, `{"Map":[}`, `{"array":{}}`, `{"quoted":{"n":12}}`,
	`{"unknown":01}`, `{"unknown":[1,]}`, `{"unknown":"\q"}`, `{"unknown":"\ud800"}`, `{"unknown":{"a"}}`, `{"unknown":tru}`, `{"unknown"}`,
	// Unusual, but right for encoding/json.
	`{"int":1,"int":2}`, `{"INT":1}`, `{"Text":"a"}`, `{"i\u006et":1}`, `{"` + "\u017f" + `hort":1}`, `{"int":-0}`, "{\"text\":\"a\xff\"}", `{"text":"\ud800"}`, `{"int":1000000000000000000}`,
	`{"down":` + strings.Repeat(`{"down":`, 300) + `null` + strings.Repeat(`}`, 300) + `}`,
}

func TestPlainTextsAreDecodedAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	for _, data := range taken {
		if !agrees(t, data) {
			t.Errorf("%.200q was declined", data)
		}
	}
}

func TestWrongAndUnusualTextsAreDeclined(t *testing.T) {
	t.Parallel()
	for _, data := range declined {
		if agrees(t, data) {
			t.Errorf("%.200q was taken", data)
		}
	}
}

// TestWhatProgramsWriteIsTaken: the shorter way is of use only for what it takes.
func TestWhatProgramsWriteIsTaken(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)
	u := upper("UP")
	full := tree{
		Bool: true, Int: -5, Tiny: 3, Byte: 4, Uint: math.MaxInt32, Float: math.Pi, Short: 1.5, Text: "<b>Crème & \"sauce\"</b>\n", Texts: []string{"a", ""},
		Leaf: leaf{"x", -1}, Leaves: []leaf{{"y", 1}, {"z", 0}}, Down: &tree{Text: "below", Down: &tree{}}, Trees: []tree{{Int: 1}}, At: at, Maybe: &at,
		Took: time.Second, Upper: u, Uppers: []*upper{&u, nil}, Map: map[string]int{"k": 1}, Any: []any{"s", 1.5}, Raw: json.RawMessage(`{"k":1}`),
		Bytes: []byte("bytes"), Array: [3]int{1, 2, 3}, Named: texts3{"n"}, Lists: [][]int{{1}, {}}, Quoted: quoted{7}, UserName: "u",
	}
	compact, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	indented, err := json.MarshalIndent(full, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{compact, indented} {
		if !agrees(t, string(data)) {
			t.Errorf("%s was declined", data)
		}
	}
}

// TestLengthOfOneListSaysNothingOfTheNext: the room made for a list after a longer or shorter one shows nowhere.
func TestLengthOfOneListSaysNothingOfTheNext(t *testing.T) {
	t.Parallel()
	type lists struct {
		A []leaf   `json:"a"`
		B []string `json:"b"`
	}
	p := For(reflect.TypeFor[lists](), nil)
	for _, n := range []int{1, 1000, 1, 0, 5, 100, 3, 3} {
		want := lists{A: make([]leaf, n), B: make([]string, n)}
		for i := range n {
			want.A[i].Name, want.B[i] = "a", "b"
		}
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got lists
		if !p.Decode(data, reflect.ValueOf(&got).Elem()) {
			t.Fatalf("lists of %d were declined", n)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if cap(got.A) > max(2*n, firstGrow) || cap(got.B) > max(2*n, firstGrow) {
			t.Errorf("lists of %d have room for %d and %d", n, cap(got.A), cap(got.B))
		}
	}
}

// TestNothingOfTheTextIsKept: whoever called may use its bytes again.
func TestNothingOfTheTextIsKept(t *testing.T) {
	t.Parallel()
	data := []byte(`{"text":"text","texts":["a","b"],"upper":"up","raw":{"k":1},"any":["x"],"down":{"text":"` + strings.Repeat("long", 100) + `"}}`)
	var got, want tree
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if !treePlan.Decode(data, reflect.ValueOf(&got).Elem()) {
		t.Fatal("declined")
	}
	for i := range data {
		data[i] = '!'
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTypesOfWhichNothingIsPlainHaveNoPlan(t *testing.T) {
	t.Parallel()
	conflict := reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: reflect.TypeFor[int](), Tag: `json:"x"`}, {Name: "B", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
	})
	type strange struct {
		A int `json:"naïve"`
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[map[string]int](), reflect.TypeFor[any](), reflect.TypeFor[upper](), reflect.TypeFor[[]byte](), reflect.TypeFor[json.Number](),
		reflect.TypeFor[struct{}](), reflect.TypeFor[quoted](), reflect.TypeFor[embeds](), conflict, reflect.TypeFor[strange](), reflect.TypeFor[chan int](),
	} {
		if p := For(typ, nil); p != nil || p.Decode([]byte("null"), reflect.New(typ).Elem()) {
			t.Errorf("%v has a plan", typ)
		}
	}
}

// TestListsOfOneTypeHaveLengthsOfTheirOwn: where they lie side by side, neither is made for the other's length.
func TestListsOfOneTypeHaveLengthsOfTheirOwn(t *testing.T) {
	t.Parallel()
	p := For(reflect.TypeFor[struct{ A, B []string }](), nil)
	a, b := p.root.fields[0].node, p.root.fields[1].node
	var got struct{ A, B []string }
	if !p.Decode([]byte(`{"A":["1"],"B":["1","2","3"]}`), reflect.ValueOf(&got).Elem()) || a.ahead() != 1 || b.ahead() != 3 {
		t.Errorf("got %+v, next %d and %d, want 1 and 3", got, a.ahead(), b.ahead())
	}
}

func TestShortStringsShareLittle(t *testing.T) {
	t.Parallel()
	var got []leaf
	data := `[{"name":"short"},{"name":"` + strings.Repeat("x", shortBytes+1) + `"}]` + strings.Repeat(" ", 10_000)
	s := scanner{data: []byte(data)}
	if !s.value(planner{}.of(reflect.TypeFor[[]leaf]()), reflect.ValueOf(&got).Elem(), 0) || got[0].Name != "short" || len(got[1].Name) != shortBytes+1 {
		t.Fatalf("got %+v", got)
	}
	if len(s.chunk) > chunkBytes {
		t.Errorf("a short string keeps %d bytes", len(s.chunk))
	}
}

// TestMutatedTextsAreDecodedAlikeOrDeclined: texts with bytes changed, lost, doubled and exchanged.
func TestMutatedTextsAreDecodedAlikeOrDeclined(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same texts in each run
	const signs = `{}[]",:\u0123456789eE+-.tfn` + " \x00\n\xff\u00e9"
	took := 0
	for range 20_000 {
		data := []byte(taken[r.IntN(len(taken))])
		for range 1 + r.IntN(3) {
			i, j := r.IntN(len(data)+1), r.IntN(len(data)+1)
			i, j = min(i, j), max(i, j)
			switch r.IntN(4) {
			case 0:
				data = slices.Insert(data, i, signs[r.IntN(len(signs))])
			case 1:
				data = slices.Delete(data, i, min(i+1+r.IntN(3), len(data)))
			case 2:
				data = slices.Insert(data, i, data[i:min(j, i+20)]...)
			case 3:
				if i < len(data) {
					data[i] = signs[r.IntN(len(signs))]
				}
			}
		}
		if agrees(t, string(data)) {
			took++
		}
	}
	if took < 1000 {
		t.Errorf("%d of the texts were taken, too few to tell", took)
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range taken {
		f.Add(data)
	}
	for _, data := range declined {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) { agrees(t, data) })
}
