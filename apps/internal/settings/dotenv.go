package settings

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// ErrFile means that a line of a .env file cannot be read. The error names file
// and line, and never shows the value: it may be a secret.
var ErrFile = errors.New("settings: bad line")

// ApplyFile puts the variables of a .env file into the process's environment.
// Those that are set already stay as they are. A file that is not there is no fault.
func ApplyFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	defer f.Close()
	values, err := Parse(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for name, value := range values {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
	}
	return nil
}

// Parse reads lines such as NAME=value, export NAME="two words" and # comment.
// In double quotes \n, \t, \" and \\ are replaced; single quotes keep everything
// as it is; without quotes the value ends at " #". The last of equal names counts.
func Parse(r io.Reader) (map[string]string, error) {
	values := map[string]string{}
	var faults []error
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		line = strings.TrimSpace(strings.TrimPrefix(line, "export "))
		name, rest, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || !validName(name) {
			faults = append(faults, fmt.Errorf("%w %d: expected NAME=value with letters, digits and _ in the name", ErrFile, n))
			continue
		}
		value, err := unquote(strings.TrimSpace(rest))
		if err != nil {
			faults = append(faults, fmt.Errorf("%w %d: %s: %w", ErrFile, n, name, err))
			continue
		}
		values[name] = value
	}
	return values, errors.Join(append(faults, lines.Err())...)
}

func validName(name string) bool {
	for i, c := range name {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

var escapes = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`, `\\`, `\`)

func unquote(s string) (string, error) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		if i := strings.Index(s, " #"); i >= 0 {
			s = strings.TrimSpace(s[:i])
		}
		if strings.HasPrefix(s, "#") {
			s = ""
		}
		return s, nil
	}
	end := 1
	for end < len(s) && s[end] != s[0] {
		if s[0] == '"' && s[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s) {
		return "", errors.New("no closing quote")
	}
	if rest := strings.TrimSpace(s[end+1:]); rest != "" && rest[0] != '#' {
		return "", errors.New("text after the closing quote")
	}
	value := s[1:end]
	if s[0] == '"' {
		value = escapes.Replace(value)
	}
	return value, nil
}
