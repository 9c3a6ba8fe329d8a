// Package session keeps the sessions of a web service: a random id in a cookie, the data in Redis.
//
//	sessions, err := session.New(rb, session.Options{Secrets: secrets, Production: true})
//	http.ListenAndServe(addr, sessions.Middleware(mux))
//
//	var cart = session.NewValue[Cart]("cart")
//
//	func login(w http.ResponseWriter, r *http.Request) { // after the password was checked
//		err := session.From(r.Context()).Login(r.Context(), userID, session.Meta{Remember: remember})
//	}
//
// Ids have 256 random bits and are kept as SHA-256, so that whoever reads Redis cannot use them; an id that Redis does not
// know is never adopted. Login gives a new one. A session ends when it was idle for 24 hours, and 7 days after its login in
// any case; with Meta.Remember both are 30 days. Visitors who have not logged in have a session from the first field that is set;
// before, nothing is written for them.
//
// Requests that run at the same time and change different fields lose nothing; of one field the last change stays. What a
// request changes is saved before its answer begins, by a script that refuses when the session has ended: a request
// under way cannot bring it back. [Manager.EndAll] ends all sessions of a user by a single number, however many there are.
//
// # Redis away
//
// A request with a session cookie is answered 503 with Retry-After: nobody is taken for somebody else, and no user for a
// visitor. Calls return an error that wraps redbrick.ErrUnavailable or redbrick.ErrTimeout within the client's deadline.
//
// [Express] reads and writes the sessions of express-session with connect-redis instead, for a service that moves from Node.
//
// docs/design/session.md has the keys, what holds by which test, and the requirements of OWASP ASVS 5.0 one by one.
package session
