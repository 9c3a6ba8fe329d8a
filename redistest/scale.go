package redistest

import (
	"os"
	"strconv"
)

// leastScaled is the size below which a scaled test proves nothing.
const leastScaled = 1000

// Scale returns the size at which a test runs whose full size is n: n itself if
// REDISTEST_FULL is set, else a tenth of it times REDISTEST_SCALE (default 1), but at least
// 1,000 and at most n. Zero and less stay as they are.
func Scale(n int) int {
	if n <= leastScaled || os.Getenv("REDISTEST_FULL") != "" {
		return n
	}
	factor, err := strconv.ParseFloat(os.Getenv("REDISTEST_SCALE"), 64)
	if err != nil || factor <= 0 {
		factor = 1
	}
	return min(n, max(leastScaled, int(float64(n)/10*factor)))
}
