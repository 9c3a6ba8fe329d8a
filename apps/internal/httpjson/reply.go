package httpjson

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// reply is a success.
type reply struct {
	Success bool   `json:"success"`
	Data    any    `json:"data"`
	Message string `json:"message"`
}

// list is a success with a part of a list.
type list struct {
	Success bool   `json:"success"`
	Data    any    `json:"data"`
	Page    int    `json:"page"`
	Limit   int    `json:"limit"`
	Total   int    `json:"total"`
	Message string `json:"message"`
}

// failure is any reply that is no success.
type failure struct {
	Success    bool    `json:"success"`
	Error      string  `json:"error"`
	Data       *string `json:"data"` // always null
	Fields     []Field `json:"fields,omitempty"`
	RetryAfter int     `json:"retryAfter,omitempty"`
	RequestID  string  `json:"requestId,omitempty"`
}

var contentType = []string{"application/json; charset=utf-8"}

// Write sends data with a message.
func Write(w http.ResponseWriter, status int, data any, message string) {
	send(w, status, reply{Success: true, Data: data, Message: message})
}

// WriteValue sends a reply with members of its own; they have success, data and
// message among them.
func WriteValue(w http.ResponseWriter, status int, v any) { send(w, status, v) }

// WriteList sends a page of a list; data is a slice that is not nil.
func WriteList(w http.ResponseWriter, data any, page, limit, total int, message string) {
	send(w, http.StatusOK, list{Success: true, Data: data, Page: page, Limit: limit, Total: total, Message: message})
}

// The text around data that is encoded already.
const (
	rawHead = `{"success":true,"data":`
	rawTail = `,"message":"ok"}` + "\n"
)

// WriteRaw sends data that is JSON already, without encoding or copying it.
func WriteRaw(w http.ResponseWriter, data []byte) {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(rawHead) + len(data) + len(rawTail))}
	w.WriteHeader(http.StatusOK)
	// A write that fails means that the client is gone: there is nobody to tell.
	_, _ = w.Write([]byte(rawHead))
	_, _ = w.Write(data)
	_, _ = w.Write([]byte(rawTail))
}

// WriteRawObject sends the members of a JSON object that is encoded already,
// {"data":[],"page":1}, as members of the reply.
func WriteRawObject(w http.ResponseWriter, object []byte) {
	const head = `{"success":true,"message":"ok",`
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(head) + len(object))}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(head))
	_, _ = w.Write(object[1:])
	_, _ = w.Write([]byte("\n"))
}

// WriteError sends a failure. A 500 has the request's id in place of the reason,
// which belongs into the log.
func WriteError(w http.ResponseWriter, e *Error) {
	f := failure{Error: e.Text, Fields: e.Fields}
	if e.RetryAfter > 0 {
		f.RetryAfter = int((e.RetryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if e.Status == http.StatusInternalServerError {
		f.RequestID = w.Header().Get(requestIDHeader)
	}
	send(w, e.Status, f)
}

func send(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		// A value with a NaN or the like is a bug of the service; Requests answers 500 and logs it.
		panic(fmt.Errorf("httpjson: encoding a reply: %w", err))
	}
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body) + 1)}
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
