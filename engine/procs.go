package engine

import (
	"os"
	"runtime"
	"strconv"
)

// enoughProcs is from where on Go's collector, which takes a quarter of the processors, has one to itself.
const enoughProcs = 4

// RaiseProcs gives Go at least four processors (runtime.GOMAXPROCS) and returns how many it had. A program that serves
// an engine calls it once at its start, before it makes what asks for their number.
//
// On fewer than four Go's collector marks in slices of up to 20 ms on those that run the requests; of four it keeps one
// for itself, whatever number of cores is behind them. docs/design/engine.md has the measurement.
//
// The number stays where somebody has chosen it: by GOMAXPROCS in the environment, or as the limit of a container, which
// halts all threads once they have used up their time. A number that was raised no longer follows the cores of the machine.
func RaiseProcs() int {
	was := runtime.GOMAXPROCS(0)
	if n := raisedProcs(os.Getenv("GOMAXPROCS"), was, runtime.NumCPU()); n != was {
		runtime.GOMAXPROCS(n)
	}
	return was
}

// raisedProcs is the number to have, of what the environment says, the number that Go has, and that of the cores it may run on.
func raisedProcs(env string, now, cores int) int {
	set, err := strconv.Atoi(env)
	if asked := err == nil && set > 0; asked || now < cores { // what is no such number Go does not heed, either
		return now
	}
	return max(now, enoughProcs)
}
