package engine

// recorder takes the effects of writes: commands that, run in order on an engine that ignores expiry, give the same
// data. Times in them are absolute and random choices are made. Its methods run under the engine's lock; args are valid
// during the call alone.
type recorder interface {
	// effect takes one command on database db.
	effect(db int, args [][]byte)
	// begin and end enclose effects that belong together: all or none. They do not nest.
	begin()
	end()
}

// effect reports what a write did. It is the one way to the recorder.
func (e *Engine) effect(db *database, args ...[]byte) {
	if e.recorder != nil {
		e.record(db, args)
	}
}

func (e *Engine) record(db *database, args [][]byte) {
	e.words = append(e.words[:0], args...) // so that callers' lists need not live on the heap
	e.recorder.effect(db.id, e.words)
	clear(e.words)
}

// beginGroup makes the effects up to endGroup one unit.
func (e *Engine) beginGroup() {
	if e.grouped++; e.grouped == 1 && e.recorder != nil {
		e.recorder.begin()
	}
}

func (e *Engine) endGroup() {
	if e.grouped--; e.grouped == 0 && e.recorder != nil {
		e.recorder.end()
	}
}

// Words of effects.
var (
	bDel       = []byte("DEL")
	bSet       = []byte("SET")
	bPersist   = []byte("PERSIST")
	bPXAT      = []byte("PXAT")
	bPExpireAt = []byte("PEXPIREAT")
	bKeepTTL   = []byte("KEEPTTL")
	bAppend    = []byte("APPEND")
	bRPush     = []byte("RPUSH")

	bHSet       = []byte("HSET")
	bHDel       = []byte("HDEL")
	bHPExpireAt = []byte("HPEXPIREAT")
	bFields     = []byte("FIELDS")
	bOne        = []byte("1")

	bSAdd = []byte("SADD")
	bSRem = []byte("SREM")
)
