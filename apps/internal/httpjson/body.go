package httpjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
)

// MaxBody is the largest body that is read, in bytes.
const MaxBody = 1 << 20

// Decode reads a JSON body into v. Fields that v does not have are refused by
// name. The error is an [*Error] for the client.
func Decode(w http.ResponseWriter, r *http.Request, v any) error {
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
			return refuse(http.StatusUnsupportedMediaType, "Content-Type is %q, expected application/json", kind)
		}
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return bodyError(err)
	}
	switch _, err := d.Token(); {
	case errors.Is(err, io.EOF) && v == nil: // as null leaves what v pointed to, it would pass for an empty object
		return bad("body is a JSON null, expected an object")
	case errors.Is(err, io.EOF):
		return nil
	case err != nil && isTooLarge(err):
		return bodyError(err)
	}
	return bad("body has something after the first JSON value, expected one object")
}

func bad(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, format, args...)
}

func refuse(status int, format string, args ...any) *Error {
	return &Error{Status: status, Text: fmt.Sprintf(format, args...), Format: format, Args: args}
}

func isTooLarge(err error) bool { return errors.As(err, new(*http.MaxBytesError)) }

// unknownField is how encoding/json begins its only complaint without a type.
const unknownField = "json: unknown field "

func bodyError(err error) *Error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case isTooLarge(err):
		return refuse(http.StatusRequestEntityTooLarge, "body is larger than %d bytes, expected at most that", MaxBody)
	case errors.Is(err, io.EOF):
		return bad("body is empty, expected a JSON object")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return bad("body ends in the middle of a JSON value")
	case errors.As(err, &syntax):
		return bad("body is not JSON: %s at byte %d", strings.TrimPrefix(syntax.Error(), "json: "), syntax.Offset)
	case errors.As(err, &kind) && kind.Field == "":
		return bad("body is a JSON %s, expected %s", kind.Value, jsonKind(kind.Type))
	case errors.As(err, &kind):
		return BadRequest(kind.Field, "is a JSON %s, expected %s", kind.Value, jsonKind(kind.Type))
	case strings.HasPrefix(err.Error(), unknownField):
		field := strings.Trim(strings.TrimPrefix(err.Error(), unknownField), `"`)
		return BadRequest(field, "unknown field, expected one that the documentation names")
	}
	return bad("body: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// jsonKind names what a Go type is in JSON.
func jsonKind(t reflect.Type) Word {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Pointer:
		return jsonKind(t.Elem())
	default:
		return "a whole number"
	}
}
