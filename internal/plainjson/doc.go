// Package plainjson decodes JSON that is as programs write it, by encoding/json's rules and several times as fast, and
// declines the rest.
//
// It decides for every text between two answers: this is the value, or somebody else must look. So it needs to know only the
// plain half of the rules: names spelt as the struct has them, each once, whole numbers for integers, valid UTF-8. A
// text that is wrong is declined as well, and so is one that is merely unusual. Whoever calls it decodes what was declined
// from the beginning, into a value that nobody has touched.
//
// What makes it fast is that nothing is general: there are no options, no tokens between text and value, no stack but the
// goroutine's. It uses no unsafe.
package plainjson
