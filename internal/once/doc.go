// Package once lets one process of a fleet do what has to be done once: start-up work, schedules.
package once
