// Package engine runs Redis commands in this process: RESP2 and RESP3, over connections in memory and, if asked, over
// TCP or a Unix socket.
//
//	e, err := engine.Open(engine.Options{})
//	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"embedded"}, DialCtxFn: e.Dial})
//
// It answers in the words of Redis 7.0. It is one process: there is no replication and no Cluster. Its design, its
// limits and how to add a command are in docs/design/engine.md.
package engine
