package redistest

import "strconv"

// Cap is an ability that a test needs of its backend. It is an [Option] of
// [Each]: the test is skipped where the backend lacks it, and the report says so.
type Cap int

// The abilities.
const (
	// Tracking is CLIENT TRACKING: the server tells near caches what changed.
	Tracking Cap = iota + 1
	// SubSecondTTL means that keys expire with a precision of a few milliseconds.
	SubSecondTTL
	// BigKeyspace means that a million keys slow down no single command.
	BigKeyspace
	// Config is CONFIG GET and CONFIG SET.
	Config
	// Cluster means that keys are spread over several masters.
	Cluster
	// Processes means that several processes can use the backend at once.
	Processes
	// Clock means that the backend's clock can be put forward: see [Advance].
	Clock
)

func (c Cap) String() string {
	names := [...]string{"Tracking", "SubSecondTTL", "BigKeyspace", "Config", "Cluster", "Processes", "Clock"}
	if c < 1 || int(c) > len(names) {
		return "Cap(" + strconv.Itoa(int(c)) + ")"
	}
	return names[c-1]
}

func (c Cap) apply(o *options) { o.needs = append(o.needs, c) }

// capsOf lists what the backends that this package knows can do. It is written
// down and not found out: a fault in finding it out must not skip tests in silence.
var capsOf = map[string][]Cap{
	nameEmbedded:   {Tracking, SubSecondTTL, BigKeyspace, Config, Clock},
	nameUntracked:  {SubSecondTTL, BigKeyspace, Config, Clock},
	nameRedis:      {Tracking, SubSecondTTL, BigKeyspace, Config, Processes},
	nameNoTracking: {SubSecondTTL, BigKeyspace, Config, Processes},
	nameCluster:    {Tracking, SubSecondTTL, BigKeyspace, Config, Cluster, Processes},
}
