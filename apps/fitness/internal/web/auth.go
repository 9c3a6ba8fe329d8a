package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/account"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

func (h *handler) register(w http.ResponseWriter, r *http.Request) error {
	var body account.Registration
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	u, err := h.o.Accounts.Register(r.Context(), body)
	if err != nil {
		return err
	}
	// The account is there whether a session can begin or not.
	if err := session.From(r.Context()).Login(r.Context(), u.ID, session.Meta{}); err != nil {
		h.Log.WarnContext(r.Context(), "a new account has to log in", "user", u.ID, "error", err)
	}
	say(w, r, http.StatusCreated, u, "Account created")
	return nil
}

// LoginBody is what a client sends.
type LoginBody struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	RememberMe bool   `json:"rememberMe"`
}

// Login is what a client gets that logged in.
type Login struct {
	User train.User `json:"user"`
	account.Tokens
}

func (h *handler) login(w http.ResponseWriter, r *http.Request) error {
	var body LoginBody
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	for _, f := range [][2]string{{"email", body.Email}, {"password", body.Password}} {
		if f[1] == "" {
			return httpjson.BadRequest(f[0], "empty, expected that of the account")
		}
	}
	attempt := account.Attempt{
		Email: body.Email, Password: body.Password, Remember: body.RememberMe, Addr: h.o.Clients.Addr(r), Client: clientName(r),
	}
	if c, err := r.Cookie(deviceCookie); err == nil {
		attempt.Device = c.Value
	}
	in, err := h.o.Accounts.Login(r.Context(), attempt)
	if err != nil {
		return err
	}
	if in.Device != "" {
		http.SetCookie(w, &http.Cookie{
			Name: deviceCookie, Value: in.Device, Path: base + "/auth/login", MaxAge: int(h.o.DeviceTTL / time.Second),
			Secure: h.o.Production || h.o.Clients.HTTPS(r), HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
	}
	say(w, r, http.StatusOK, Login{in.User, in.Tokens}, "Logged in")
	return nil
}

// deviceCookie says which browser logged in before. It lets nobody in.
const deviceCookie = "fitness-device"

// clientName tells the client of a refresh token from others.
func clientName(r *http.Request) string { return r.UserAgent() }

// RefreshBody is what a client sends for the next tokens.
type RefreshBody struct {
	RefreshToken string `json:"refreshToken"`
}

func (h *handler) refresh(w http.ResponseWriter, r *http.Request) error {
	var body RefreshBody
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	tokens, err := h.o.Accounts.Rotate(r.Context(), body.RefreshToken, clientName(r))
	if errors.Is(err, token.ErrInvalid) {
		h.Log.InfoContext(r.Context(), "a refresh token was refused", "request", httpjson.RequestID(w), "reason", err)
		return &httpjson.Error{Status: http.StatusUnauthorized, Text: "The refresh token is not valid"}
	}
	if err != nil {
		return err
	}
	say(w, r, http.StatusOK, tokens, "Token refreshed")
	return nil
}

// endLogin ends one login of a visitor: the own by its cookie, so that the browser forgets it, too.
func (h *handler) endLogin(r *http.Request, v visitor, publicID string) (bool, error) {
	if !bearsToken(r) && publicID == v.login.PublicID {
		return true, session.From(r.Context()).Logout(r.Context())
	}
	return h.o.Sessions.End(r.Context(), v.ID, publicID)
}

func (h *handler) logout(w http.ResponseWriter, r *http.Request, v visitor) error {
	if _, err := h.endLogin(r, v, v.login.PublicID); err != nil {
		return err
	}
	say(w, r, http.StatusOK, nil, "Logged out")
	return nil
}

func (h *handler) logoutAll(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := h.o.Accounts.LogoutAll(r.Context(), v.ID); err != nil {
		return err
	}
	if !bearsToken(r) { // the session is over already: this takes the cookie away
		if err := session.From(r.Context()).Logout(r.Context()); err != nil && !errors.Is(err, session.ErrNoSession) {
			return err
		}
	}
	say(w, r, http.StatusOK, nil, "Logged out everywhere")
	return nil
}

// Device is a place where a user is logged in.
type Device struct {
	ID           string     `json:"id"` // names the session, and opens nothing
	UserID       string     `json:"userId"`
	Email        string     `json:"email"`
	Role         train.Role `json:"role"`
	LoginTime    time.Time  `json:"loginTime"`
	LastActivity time.Time  `json:"lastActivity"`
	IPAddress    string     `json:"ipAddress"`
	UserAgent    string     `json:"userAgent"`
	IsActive     bool       `json:"isActive"`
	Current      bool       `json:"current"` // the one that asks
}

// deviceList is the data of the reply.
type deviceList struct {
	Sessions []Device `json:"sessions"`
}

func (h *handler) listSessions(w http.ResponseWriter, r *http.Request, v visitor) error {
	devices, err := h.o.Sessions.Devices(r.Context(), v.ID)
	if err != nil {
		return err
	}
	list := deviceList{Sessions: make([]Device, 0, len(devices))}
	for _, d := range devices {
		list.Sessions = append(list.Sessions, Device{
			ID: d.PublicID, UserID: v.ID, Email: v.Email, Role: v.Role, LoginTime: d.LoginTime, LastActivity: d.LastActivity,
			IPAddress: d.Address, UserAgent: d.UserAgent, IsActive: true, Current: d.PublicID == v.login.PublicID,
		})
	}
	say(w, r, http.StatusOK, list, "ok")
	return nil
}

// endSession ends one of the own logins: those of another user are not asked for.
func (h *handler) endSession(w http.ResponseWriter, r *http.Request, v visitor) error {
	id := r.PathValue("id")
	ended, err := h.endLogin(r, v, id)
	if err != nil {
		return err
	}
	if !ended {
		return domain.Refuse(domain.ErrNotFound, "session %s is not there", id)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
