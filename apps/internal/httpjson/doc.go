// Package httpjson is how the applications speak JSON over HTTP: the envelope of
// replies, the reading of bodies and of page numbers, request ids, and what is
// said when something goes wrong.
//
// A reply is {"success":true,"data":...,"message":"..."}, a list has page, limit
// and total besides, and a failure is {"success":false,"error":"...","data":null} with
// fields (what is wrong with which), retryAfter (seconds) or requestId where they apply.
//
// [Origins] is the way other sites' pages come in: CORS for those that are admitted, 403 for
// the writes of all others.
package httpjson
