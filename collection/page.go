package collection

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// MaxLimit is the greatest page that can be asked for.
const MaxLimit = 1000

// Page is a part of a sorted or timed sequence.
type Page struct {
	// Items are the members of the page, in order; empty beyond the end.
	Items []string
	// Total is the number of all members, on this page or not.
	Total int64
}

// checkPage refuses pages that are not there.
func checkPage(page, limit int) error {
	switch {
	case page < 1:
		return invalid("page", page, "1 or more")
	case limit < 1 || limit > MaxLimit:
		return invalid("limit", limit, "1 to "+strconv.Itoa(MaxLimit))
	}
	return nil
}

// pageStart is the index of the first item of a page; past every end where the product would overflow.
func pageStart(page, limit int) int64 {
	const far = 1 << 52
	if page > far/limit {
		return far
	}
	return int64(page-1) * int64(limit)
}

// pageOf cuts a page out of all items.
func pageOf(all []string, page, limit int) Page {
	start := min(pageStart(page, limit), int64(len(all)))
	end := min(start+int64(limit), int64(len(all)))
	return Page{Items: all[start:end:end], Total: int64(len(all))}
}

// Order says how members are sorted for a page. Sets have no order of their own: members are fetched and sorted in this
// process, which costs the server no more than reading them.
type Order int

const (
	// Lexical sorts by bytes: "10" before "9". It is the zero Order.
	Lexical Order = iota
	// LexicalDescending is Lexical from the other end.
	LexicalDescending
	// Numeric sorts integers by value, 9 before 10; what is no integer follows, by bytes.
	Numeric
	// NumericDescending is Numeric from the other end. With ids that are given in sequence it means the newest first.
	NumericDescending
)

func (o Order) valid() bool { return o >= Lexical && o <= NumericDescending }

// sort puts the members into the order.
func (o Order) sort(members []string) {
	if o == Numeric || o == NumericDescending {
		sortNumbers(members)
	} else {
		slices.Sort(members)
	}
	if o == LexicalDescending || o == NumericDescending {
		slices.Reverse(members)
	}
}

func sortNumbers(members []string) {
	type number struct {
		text  string
		value int64
		not   bool // no integer
	}
	numbers := make([]number, len(members))
	for i, m := range members {
		v, err := strconv.ParseInt(m, 10, 64)
		numbers[i] = number{text: m, value: v, not: err != nil}
	}
	slices.SortFunc(numbers, func(a, b number) int {
		switch {
		case a.not != b.not:
			if a.not {
				return 1
			}
			return -1
		case a.not || a.value == b.value: // "7" and "+7" are two members
			return strings.Compare(a.text, b.text)
		}
		return cmp.Compare(a.value, b.value)
	})
	for i, n := range numbers {
		members[i] = n.text
	}
}

// distinct returns the strings without repetitions, sorted.
func distinct(all []string) []string {
	s := slices.Clone(all)
	slices.Sort(s)
	return slices.Compact(s)
}
