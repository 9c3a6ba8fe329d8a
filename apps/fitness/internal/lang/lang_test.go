package lang

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheLanguageOfARequest(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]Lang{
		"": English, "en": English, "vi": Vietnamese, "vi-VN,vi;q=0.9,en;q=0.8": Vietnamese, "VI-vn": Vietnamese, "en-GB,vi;q=0.5": English,
		"de,vi;q=0.4": Vietnamese, "de": English, "*": English, "vi;q=0": English, "vi;q=x": English, ";;;": English,
		strings.Repeat("vi,", 100): English,
	} {
		if got := Of(&http.Request{Header: http.Header{"Accept-Language": {accept}}}); got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
}

// A translation takes the same arguments in the same order.
func TestTranslationsTakeTheSameArguments(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%[a-z]`)
	for english, other := range vietnamese {
		if want, got := verb.FindAllString(english, -1), verb.FindAllString(other, -1); !slices.Equal(got, want) {
			t.Errorf("%q takes %q, want %q", other, got, want)
		}
	}
	if got := Vietnamese.Say("user %s is not there", "7"); got != "không có người dùng 7" {
		t.Errorf("said %q", got)
	}
	if got := Vietnamese.Text("unheard of"); got != "unheard of" {
		t.Errorf("what is not known became %q", got)
	}
}

func FuzzOf(f *testing.F) {
	for _, seed := range []string{"vi", "vi-VN,vi;q=0.9", "*", "en-;q=", "x-y-z", "vi_VN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if got := Of(&http.Request{Header: http.Header{"Accept-Language": {accept}}}); got != English && got != Vietnamese {
			t.Errorf("%q: %q", accept, got)
		}
	})
}
