package rfc9111_test

import (
	"net/http"
	"testing"

	"github.com/redbrick-go/redbrick/httpcache/internal/rfc9111"
)

// TestStructuredFieldsAreReadAsRFC9651Says reads dictionaries through a targeted field: one that parses hides Cache-Control.
func TestStructuredFieldsAreReadAsRFC9651Says(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`a`, `a=1`, `a=-1`, `a=0`, `a=999999999999999`, `a=1.5`, `a=-0.001`, `a=123456789012.123`, `a="x"`, `a="\"\\"`, `a=""`, `a=tok`, `a=*t`, `a=T:/x`,
		`a=:YWJj:`, `a=::`, `a=?1`, `a=?0`, `a=@1659578233`, `a=@-1`, `a=%"f%c3%bc"`, `a=%""`, `a=%"f x~"`, `a=()`, `a=(1 2)`, `a=( 1  "x";y=2 )`, `a=(1);b`,
		`a;b`, `a;b=1;c="x"`, `a; b=1`, `a=1;b`, `*a=1`, `a_b-c.d*e=1`, `  a=1  `, "a=1 \t,\t b", `a=1,b=2`, `a=1,a=2`,
	} {
		if c := rfc9111.ParseResponse(http.Header{"T": {s}, "Cache-Control": {"no-store"}}, []string{"t"}); !c.Targeted {
			t.Errorf("%q is a dictionary", s)
		}
	}
	for _, s := range []string{
		``, `  `, `A`, `1=a`, `=`, `a=`, `a==1`, `a 1`, `a=1 2`, `a=1,`, `,a=1`, `a=1,,b`, `a,\tb`, `a=1000000000000000`, `a=1.`, `a=.5`, `a=1.2345`,
		`a=1234567890123.1`, `a=-`, `a=--1`, `a="x`, `a="\x"`, `a="` + "\x7f" + `"`, `a="é"`, `a=:YWJj`, `a=:?:`, `a=?2`, `a=?`, `a=?10`, `a=@1.5`, `a=@x`,
		`a=%"%C3%BC"`, `a=%"%c3"`, `a=%"%zz"`, `a=%"%c`, `a=%x`, `a=%"é"`, `a=%"`, `a=(1`, `a=(1,2)`, `a=(1"x")`, `a=(1 ;y)`, `a=((1))`, `a;B`, `a;`, `a;b=`, `a ;b`, "\ta",
	} {
		if c := rfc9111.ParseResponse(http.Header{"T": {s}, "Cache-Control": {"no-store"}}, []string{"t"}); c.Targeted || !c.NoStore {
			t.Errorf("%q is no dictionary", s)
		}
	}
	if c := rfc9111.ParseResponse(http.Header{"T": {"max-age=5", "no-store"}}, []string{"t"}); !c.NoStore || c.MaxAge != sec(5) {
		t.Errorf("two lines are one dictionary: %+v", c)
	}
}
