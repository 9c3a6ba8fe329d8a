package lang

import (
	"fmt"
	"net/http"

	"golang.org/x/text/language"
)

// Lang is a language that the service speaks.
type Lang string

// The languages there are; English is the one where nothing else is asked for.
const (
	English    Lang = "en"
	Vietnamese Lang = "vi"
)

var (
	spoken  = []Lang{English, Vietnamese}
	matcher = language.NewMatcher([]language.Tag{language.English, language.Vietnamese})
)

// longest is the most of an Accept-Language that is read: browsers send far less.
const longest = 200

// Of returns the language that a request asks for by Accept-Language (RFC 9110,
// 12.5.4), English if it asks for none that is spoken.
func Of(r *http.Request) Lang {
	accept := r.Header.Get("Accept-Language")
	if accept == "" || len(accept) > longest {
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return English
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return English
	}
	return spoken[i]
}

// Text returns a text, or the format of one, in the language; what is not known in
// it stays English.
func (l Lang) Text(english string) string {
	if l == Vietnamese {
		if text, ok := vietnamese[english]; ok {
			return text
		}
	}
	return english
}

// Say returns a text with its arguments.
func (l Lang) Say(english string, args ...any) string {
	if len(args) == 0 {
		return l.Text(english)
	}
	return fmt.Sprintf(l.Text(english), args...)
}
