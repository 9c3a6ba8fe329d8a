package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const manifestName = "manifest"

// manifest says which files make up the data: a snapshot or none, then logs. Its text is
//
//	redbrick-engine 1
//	snapshot 000004.snapshot
//	log 000004.log
//	log 000005.log
//	sum 1f2e3d4c
//
// with the checksum of the lines before.
type manifest struct {
	snapshot string
	logs     []string
}

func (m manifest) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "redbrick-engine %d\n", format)
	if m.snapshot != "" {
		fmt.Fprintf(&b, "snapshot %s\n", m.snapshot)
	}
	for _, l := range m.logs {
		fmt.Fprintf(&b, "log %s\n", l)
	}
	fmt.Fprintf(&b, "sum %08x\n", checksum(b.Bytes()))
	return b.Bytes()
}

func parseManifest(text []byte) (m manifest, err error) {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	version, found := strings.CutPrefix(string(first), "redbrick-engine ")
	n, err := strconv.Atoi(version)
	if !found || err != nil {
		return m, errors.New("it does not begin with redbrick-engine and a number")
	}
	if n != format {
		return m, fmt.Errorf("%w: written in format %d, this version reads %d", ErrFormat, n, format)
	}
	at := bytes.LastIndex(text, []byte("sum "))
	if at < 0 || string(text[at:]) != fmt.Sprintf("sum %08x\n", checksum(text[:at])) {
		return m, errors.New("its checksum is wrong")
	}
	for line := range strings.Lines(string(text[len(first)+1 : at])) {
		word, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch {
		case fileNumber(name) == 0:
			return m, fmt.Errorf("line %q names no file of ours", line)
		case word == "snapshot" && m.snapshot == "" && len(m.logs) == 0:
			m.snapshot = name
		case word == "log":
			m.logs = append(m.logs, name)
		default:
			return m, fmt.Errorf("line %q", line)
		}
	}
	if len(m.logs) == 0 {
		return m, errors.New("it names no log")
	}
	return m, nil
}

func logName(n int) string      { return fmt.Sprintf("%06d.log", n) }
func snapshotName(n int) string { return fmt.Sprintf("%06d.snapshot", n) }

// fileNumber returns the number of a file that is named as ours are, else 0.
func fileNumber(name string) int {
	number, kind, _ := strings.Cut(name, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || name != logName(n) && name != snapshotName(n) && kind != "snapshot.tmp" {
		return 0
	}
	return n
}

// save replaces the manifest of a folder as a whole.
func (m manifest) save(dir string) error {
	temp := filepath.Join(dir, manifestName+".tmp")
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(m.text())
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp, filepath.Join(dir, manifestName))
	}
	if err == nil {
		err = syncDir(dir)
	}
	return err
}

// syncDir makes what happened to the names in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// ours lists the data files in a folder.
func ours(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && fileNumber(e.Name()) > 0 {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// sweep removes data files that the manifest does not name: a crash has left them.
func (m manifest) sweep(dir string) error {
	names, err := ours(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name != m.snapshot && !slices.Contains(m.logs, name) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
