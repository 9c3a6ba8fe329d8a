package engine

import "testing"

// Go gets four processors where there are fewer cores, and what somebody has chosen stays: in the environment, or as the
// limit of a container.
func TestRaisedProcs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env              string
		now, cores, want int
	}{
		{"", 1, 1, 4},
		{"", 2, 2, 4},
		{"", 3, 3, 4},
		{"", 4, 4, 4},
		{"", 64, 64, 64},
		{"2", 2, 2, 2},
		{"2", 2, 64, 2},
		{"1", 1, 1, 1},
		{"3", 3, 2, 3},
		{"", 2, 64, 2}, // a container's two processors of a large machine
		{"", 2, 3, 2},
		{"many", 2, 2, 4}, // which Go does not heed
		{"0", 2, 2, 4},
		{"-1", 2, 2, 4},
	} {
		if got := raisedProcs(c.env, c.now, c.cores); got != c.want {
			t.Errorf("GOMAXPROCS=%q with %d processors on %d cores: %d, want %d", c.env, c.now, c.cores, got, c.want)
		}
	}
}
