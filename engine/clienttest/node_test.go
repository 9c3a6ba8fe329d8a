package clienttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/redistest"
)

// node gives the program: REDISTEST_NODE, or the one on the PATH.
func node() (string, error) {
	path := os.Getenv("REDISTEST_NODE")
	if path == "" {
		path = "node"
	}
	path, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("no node: %w", err)
	}
	if _, err := os.Stat("testdata/node/node_modules/ioredis"); err != nil {
		return "", errors.New("its packages are not in engine/clienttest/testdata/node/node_modules: make setup installs them")
	}
	return path, nil
}

func TestNode(t *testing.T) {
	t.Parallel()
	path, err := node()
	if err != nil {
		redistest.Missing(t, "node", err.Error())
	}
	redistest.Ran(t, "node")
	for _, script := range []string{"ioredis.mjs", "noderedis.mjs"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			host, port := serve(t, engine.Options{Password: "open sesame"})
			output(t, "", path, "testdata/node/"+script, host, port, "open sesame")
		})
	}
}
