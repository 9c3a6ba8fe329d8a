package train

// Bounds of the page size in lists.
const (
	DefaultLimit = 10
	MaxLimit     = 100
)

// Page chooses a part of a list. The zero value is the first ten.
type Page struct {
	Number int // from 1; less is taken as 1
	Limit  int // 0 or less is DefaultLimit; more than MaxLimit is MaxLimit
}

// Normalize returns the page with its defaults filled in.
func (p Page) Normalize() Page {
	// A page far beyond the end must not overflow the offset.
	const last = 1 << 31
	p.Number = min(max(p.Number, 1), last)
	if p.Limit <= 0 {
		p.Limit = DefaultLimit
	}
	p.Limit = min(p.Limit, MaxLimit)
	return p
}

// Offset is how many entries come before a normalized page.
func (p Page) Offset() int64 { return int64(p.Number-1) * int64(p.Limit) }

// ExerciseFilter chooses exercises for a list, by name. The zero value is the first
// ten of all.
type ExerciseFilter struct {
	Muscle    string // one of Muscles; "" for all
	Equipment string // one of Equipments; "" for all
	Query     string // exercises with this in their name or description, whatever the case
	Page      Page
}

// Normalize returns the filter with its words in their stored form.
func (f ExerciseFilter) Normalize() ExerciseFilter {
	f.Muscle, f.Equipment, f.Query = Fold(f.Muscle), Fold(f.Equipment), Fold(f.Query)
	f.Page = f.Page.Normalize()
	return f
}
