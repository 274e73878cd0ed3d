package slack

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxBody bounds a request to the Web API; Slack's own bound is not published
// and no method here comes near it.
const maxBody = 1 << 20

// args are a call's arguments. Slack takes the same ones as a form or as JSON;
// what is an object or array in JSON is its text here, as it is in a form.
type args map[string]string

// flag reports whether an argument is true as Slack reads it.
func (a args) flag(name string) bool { return a[name] == "true" || a[name] == "1" }

// json returns an argument that holds JSON, nil when it is absent.
func (a args) json(name string) json.RawMessage {
	if a[name] == "" {
		return nil
	}
	return json.RawMessage(a[name])
}

// has reports whether an argument was given at all, be it empty.
func (a args) has(name string) bool { _, ok := a[name]; return ok }

// readArgs returns the arguments of a request and the token it carries, which
// may be a Bearer header or a form field, but not part of a JSON body.
func readArgs(w http.ResponseWriter, r *http.Request) (a args, token string, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, "", refuse("invalid_json")
		}
		a, err := parseArgs(body)
		return a, bearer, err
	}
	if kind == "multipart/form-data" {
		err = r.ParseMultipartForm(maxBody)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return nil, "", refuse("invalid_form_data")
	}
	a = args{}
	for name, values := range r.Form {
		a[name] = values[0]
	}
	if bearer == "" {
		bearer = a["token"]
	}
	return a, bearer, nil
}

// parseArgs reads a JSON object as arguments. An empty body has none, null is
// an argument not given.
func parseArgs(body []byte) (args, error) {
	a := args{}
	if len(body) == 0 {
		return a, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		if errors.As(err, new(*json.UnmarshalTypeError)) {
			return nil, refuse("json_not_object")
		}
		return nil, refuse("invalid_json")
	}
	for name, value := range fields {
		if string(value) == "null" {
			continue
		}
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		a[name] = text
	}
	return a, nil
}
