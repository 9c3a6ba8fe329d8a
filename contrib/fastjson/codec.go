package fastjson

import (
	"github.com/goccy/go-json"

	"github.com/redbrick-go/redbrick/cache"
)

type codec[V any] struct {
	cache.Codec[V]
}

// Codec returns the codec for values of type V. It encodes as the default codec does and is safe for concurrent use.
func Codec[V any]() cache.Codec[V] { return codec[V]{cache.JSON[V]()} }

func (codec[V]) Decode(data []byte) (V, error) {
	var v V
	err := json.Unmarshal(data, &v)
	return v, err
}
