// Package lang tells people what happened in English or in Vietnamese. Every text
// has its English wording as its name, with the verbs of fmt for what is put in.
package lang
