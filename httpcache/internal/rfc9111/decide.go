package rfc9111

import "time"

// Verdict is what a cache does with a request for which it has a stored response.
type Verdict uint8

// The verdicts.
const (
	// Validate: ask the origin, with the validators of what is stored.
	Validate Verdict = iota
	// Fresh: serve what is stored.
	Fresh
	// Stale: serve what is stored though it is stale; the request allows it (max-stale).
	Stale
	// Revalidate: serve what is stored though it is stale, and ask the origin aside (stale-while-revalidate).
	Revalidate
	// Unavailable: answer 504, the request wants no other response than a stored one (only-if-cached).
	Unavailable
)

// Decide says what may be done with a response of the given age, which is Freshness.Age and the time since it was received
// (sections 4.2, 4.2.4, 5.2.1; RFC 5861, section 3; RFC 8246, section 2).
func (f Freshness) Decide(age time.Duration, d Directives) Verdict {
	v := f.decide(age, d)
	if v == Validate && d.OnlyIfCached {
		return Unavailable
	}
	return v
}

func (f Freshness) decide(age time.Duration, d Directives) Verdict {
	if f.NoCache || d.NoCache {
		return Validate
	}
	fresh := f.Lifetime > age
	if d.MaxAge.Set && age > d.MaxAge.D && (!fresh || !f.Immutable) {
		// What is immutable does not change by a page being reloaded.
		return Validate
	}
	if d.MinFresh.Set && f.Lifetime-age < d.MinFresh.D {
		return Validate
	}
	staleness := age - f.Lifetime
	switch {
	case fresh:
		return Fresh
	case f.MustRevalidate:
		return Validate
	case d.MaxStale.Set && staleness <= d.MaxStale.D:
		return Stale
	case staleness < f.StaleWhileRevalidate && !d.MaxAge.Set: // who sets an age wants nothing stale (section 5.2.1.1)
		return Revalidate
	}
	return Validate
}

// OnError reports whether a response of the given age may be served in place of an error: the origin answered 500, 502, 503
// or 504, or not at all (RFC 5861, section 4). What must be validated is never served so (section 4.2.4).
func (f Freshness) OnError(age time.Duration, d Directives) bool {
	if f.MustRevalidate || d.NoCache {
		return false
	}
	return age-f.Lifetime <= max(f.StaleIfError, d.StaleIfError.D) && (f.StaleIfError > 0 || d.StaleIfError.Set)
}
