package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/session"
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
	httpjson.Write(w, http.StatusCreated, u, "Account created")
	return nil
}

// loginBody is what a client sends.
type loginBody struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	RememberMe bool   `json:"rememberMe"`
}

// loginReply has the user twice: data is where every reply has what it is about.
type loginReply struct {
	Success bool      `json:"success"`
	User    shop.User `json:"user"`
	Data    shop.User `json:"data"`
	Message string    `json:"message"`
}

func (h *handler) login(w http.ResponseWriter, r *http.Request) error {
	var body loginBody
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	for _, f := range [][2]string{{"email", body.Email}, {"password", body.Password}} {
		if f[1] == "" {
			return httpjson.BadRequest(f[0], "empty, expected that of the account")
		}
	}
	in, err := h.o.Accounts.Login(r.Context(), account.Attempt{
		Email: body.Email, Password: body.Password, Remember: body.RememberMe,
		Addr: h.o.Clients.Addr(r), Device: device(r),
	})
	if err != nil {
		return err
	}
	if in.Device != "" {
		http.SetCookie(w, &http.Cookie{
			Name: deviceCookie, Value: in.Device, Path: loginPath, MaxAge: int(h.o.Accounts.DeviceTTL().Seconds()),
			HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: h.o.Production || h.o.Clients.HTTPS(r),
		})
	}
	httpjson.WriteValue(w, http.StatusOK, loginReply{true, in.User, in.User, "Logged in"})
	return nil
}

// deviceCookie marks a browser that logged in before; it opens nothing.
const (
	deviceCookie = "shop-chop-device"
	loginPath    = "/api/auth/login"
)

func device(r *http.Request) string {
	c, err := r.Cookie(deviceCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

func (h *handler) logout(w http.ResponseWriter, r *http.Request) error {
	if err := session.From(r.Context()).Logout(r.Context()); err != nil && !errors.Is(err, session.ErrNoSession) {
		return err
	}
	httpjson.Write(w, http.StatusOK, any(nil), "Logged out")
	return nil
}

// forgotMessage is the answer whatever the address is.
const forgotMessage = "If the address has an account, a link is on its way to it."

func (h *handler) forgot(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Email string `json:"email"`
	}
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	if body.Email == "" {
		return httpjson.BadRequest("email", "empty, expected that of the account")
	}
	if err := h.o.Accounts.Forgot(r.Context(), body.Email); err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, any(nil), forgotMessage)
	return nil
}

func (h *handler) reset(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Token    string `json:"token"`
		Password string `json:"password"`
	}
	if err := httpjson.Decode(w, r, &body); err != nil {
		return err
	}
	if err := h.o.Accounts.Reset(r.Context(), body.Token, body.Password); err != nil {
		return err
	}
	httpjson.Write(w, http.StatusOK, any(nil), "Password changed")
	return nil
}

// Device is a place where a user is logged in.
type Device struct {
	ID           string    `json:"id"` // names the session, and opens nothing
	UserID       int64     `json:"userId"`
	Email        string    `json:"email"`
	Role         shop.Role `json:"role"`
	LoginTime    time.Time `json:"loginTime"`
	LastActivity time.Time `json:"lastActivity"`
	IPAddress    string    `json:"ipAddress"`
	UserAgent    string    `json:"userAgent"`
	IsActive     bool      `json:"isActive"`
	Current      bool      `json:"current"` // the one that asks
}

// deviceList is the data of the reply.
type deviceList struct {
	Sessions []Device `json:"sessions"`
}

func (h *handler) listDevices(w http.ResponseWriter, r *http.Request, u shop.User) error {
	found, err := h.o.Sessions.Devices(r.Context(), strconv.FormatInt(u.ID, 10))
	if err != nil {
		return err
	}
	list := deviceList{Sessions: make([]Device, 0, len(found))}
	own := session.From(r.Context()).PublicID()
	for _, d := range found {
		list.Sessions = append(list.Sessions, Device{
			ID: d.PublicID, UserID: u.ID, Email: u.Email, Role: u.Role, LoginTime: d.LoginTime, LastActivity: d.LastActivity,
			IPAddress: d.Address, UserAgent: d.UserAgent, IsActive: true, Current: d.PublicID == own,
		})
	}
	httpjson.Write(w, http.StatusOK, list, "ok")
	return nil
}

// endDevice ends one session of the own: the index of another user is not asked.
func (h *handler) endDevice(w http.ResponseWriter, r *http.Request, u shop.User) error {
	id := r.PathValue("id")
	if mine := session.From(r.Context()); id == mine.PublicID() {
		if err := mine.Logout(r.Context()); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	ended, err := h.o.Sessions.End(r.Context(), strconv.FormatInt(u.ID, 10), id)
	if err != nil {
		return err
	}
	if !ended {
		return &httpjson.Error{Status: http.StatusNotFound, Text: "session: not found"}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
