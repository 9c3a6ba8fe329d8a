package engine

import (
	"math/rand/v2"
	"testing"
)

func TestSortCases(t *testing.T) {
	testCases(t, map[string]string{
		"sort": `
			RPUSH l 3 1 2 10 -5 1.5 1e2
			SORT l
			SORT l DESC
			SORT l ALPHA
			SORT l ALPHA DESC
			SORT l LIMIT 1 2
			SORT l LIMIT -1 2
			SORT l LIMIT 2 -1
			SORT l LIMIT 100 2
			SORT l LIMIT 0 0
			SORT l LIMIT a b
			SORT l LIMIT 1
			SORT l FOO
			SORT l BY nosort
			SORT l BY nosort DESC LIMIT 0 2
			SORT l BY nosort GET # GET none_* GET nostar
			MSET w_3 1 w_1 5 w_2 3 w_10 x v_3 three v_1 one
			SORT l BY w_*
			DEL w_10
			SORT l BY w_*
			SORT l BY w_* DESC GET v_* GET #
			SORT l BY v_* ALPHA
			SORT l BY v_* ALPHA LIMIT 0 2 DESC
			SORT l STORE dst
			LRANGE dst 0 -1
			SORT l BY w_* GET v_* STORE dst
			LRANGE dst 0 -1
			SORT none
			SORT none STORE dst
			EXISTS dst
			SET s v
			SORT s
			SORT l STORE s
			TYPE s
			SORT l LIMIT 100 1 STORE s
			EXISTS s
			RPUSH words b a "" c
			SORT words
			SORT words ALPHA
			RPUSH blanks "" " 5" 3
			SORT blanks
			RPUSH blank 1 " "
			SORT blank
			RPUSH bad 1 "5 "
			SORT bad
			SORT
			SORT_RO l
			SORT_RO l STORE x
			SORT_RO l BY w_* GET # LIMIT 0 3
			COMMAND GETKEYS SORT l BY w_* STORE dst
			COMMAND GETKEYS SORT l LIMIT 1 2 GET store
		`,
	})
}

func genSort(r *rand.Rand) []string {
	// With BY and ALPHA together Redis leaves open in which order equals come, and ALPHA without STORE compares no further
	// than a zero byte.
	// A set that is not sorted has no order, unless the result is stored.
	order := pick(r, "", "ALPHA", "BY", "BY", "nosort")
	stored := order == "ALPHA" || order == "nosort"
	return cmdline(pick(r, "SORT", "SORT", "SORT_RO"), key(r), when(order == "ALPHA", "ALPHA"), maybe(r, 3, "DESC"), maybe(r, 3, "LIMIT", number(r), number(r)),
		when(order == "BY", "BY", pick(r, "k*", "x*->f", "k*->f1")), when(order == "nosort", "BY", order), maybe(r, 3, "GET", pick(r, "#", "k*", "nosort", "k*->f0")),
		when(stored, "STORE", key(r)), maybe(r, 4, "STORE", key(r)))
}
