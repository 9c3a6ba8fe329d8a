package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"
)

// Patience is ten times what anything should take that a test asks a service for.
const Patience = 30 * time.Second

// Client talks to a service as one browser or program does: it keeps cookies. Make it
// with [NewClient].
type Client struct {
	// Bearer is sent as the token of every request, if it is not "".
	Bearer string

	t    testing.TB
	base string
	http *http.Client
}

// NewClient makes a client without cookies of the service at base. Its connections end with the test.
func NewClient(t testing.TB, base string) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{t: t, base: strings.TrimSuffix(base, "/"), http: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: Patience, Jar: jar,
	}}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// Reply is an answer of a service.
type Reply struct {
	Status     int             `json:"-"`
	Header     http.Header     `json:"-"`
	Body       string          `json:"-"`
	Success    bool            `json:"success"`
	Data       json.RawMessage `json:"data"`
	Message    string          `json:"message"`
	Error      string          `json:"error"`
	Page       int             `json:"page"`
	Limit      int             `json:"limit"`
	Total      int             `json:"total"`
	RetryAfter int             `json:"retryAfter"`
	RequestID  string          `json:"requestId"`
	Fields     []struct{ Field, Message string }
}

// Ask sends a request. A body that is no string is sent as JSON; headers are names and values in turn.
func (c *Client) Ask(method, path string, body any, headers ...string) (Reply, error) {
	if c.Bearer != "" {
		headers = append([]string{"Authorization", "Bearer " + c.Bearer}, headers...)
	}
	return Ask(c.http, method, c.base+path, body, headers...)
}

// Ask is [Client.Ask] by any client of HTTP.
func Ask(by *http.Client, method, url string, body any, headers ...string) (Reply, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return Reply{}, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, url, content)
	if err != nil {
		return Reply{}, err
	}
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := by.Do(r)
	if err != nil {
		return Reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	a := Reply{Status: resp.StatusCode, Header: resp.Header, Body: string(text)}
	if err == nil && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && len(text) > 0 {
		err = json.Unmarshal(text, &a)
	}
	return a, err
}

// Do is Ask that expects a status.
func (c *Client) Do(method, path string, body any, status int, headers ...string) Reply {
	c.t.Helper()
	a, err := c.Ask(method, path, body, headers...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.Status != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	return a
}

// Into decodes the data of an answer.
func Into[V any](t testing.TB, a Reply) V {
	t.Helper()
	var v V
	if err := json.Unmarshal(a.Data, &v); err != nil {
		t.Fatalf("data %s: %v", a.Data, err)
	}
	return v
}
