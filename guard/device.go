package guard

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// A device token is base64url of: version (1 byte), id of the device (16), time of issue in Unix seconds (8), HMAC-SHA256 (32) of
// these, the guard's name and the account. It says that somebody logged in to that account on that device; it is no login.
const (
	deviceVersion = 1
	deviceID      = 16
	deviceBody    = 1 + deviceID + 8
	deviceLen     = deviceBody + sha256.Size
)

// devices makes and reads device tokens.
type devices struct {
	name string
	keys [][]byte // the first one signs
	ttl  time.Duration
}

func newDevices(o LoginOptions) (devices, error) {
	d := devices{name: o.Name, ttl: o.DeviceTTL}
	for _, s := range o.Secrets {
		key, err := hkdf.Key(sha256.New, s, nil, "redbrick guard device", sha256.Size)
		if err != nil {
			return devices{}, err
		}
		d.keys = append(d.keys, key)
	}
	return d, nil
}

// issue makes the token of a device for an account; id is that of a token before, or "". Without secrets it is "".
func (d devices) issue(account, id string, now time.Time) string {
	if len(d.keys) == 0 {
		return ""
	}
	body := make([]byte, deviceBody, deviceLen)
	body[0] = deviceVersion
	if old, err := hex.DecodeString(id); err == nil && len(old) == deviceID {
		copy(body[1:], old)
	} else {
		_, _ = rand.Read(body[1 : 1+deviceID]) // never fails
	}
	binary.BigEndian.PutUint64(body[1+deviceID:], uint64(now.Unix())) //nolint:gosec // after 1970
	return base64.RawURLEncoding.EncodeToString(d.sign(d.keys[0], body, account))
}

// read returns the id of the device that the token was issued to for the account, or "".
func (d devices) read(account, token string, now time.Time) string {
	if len(d.keys) == 0 || len(token) != base64.RawURLEncoding.EncodedLen(deviceLen) {
		return ""
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || raw[0] != deviceVersion {
		return ""
	}
	known := false
	for _, key := range d.keys {
		known = hmac.Equal(d.sign(key, raw[:deviceBody:deviceBody], account)[deviceBody:], raw[deviceBody:]) || known
	}
	age := now.Unix() - int64(binary.BigEndian.Uint64(raw[1+deviceID:])) //nolint:gosec // signed by us
	if !known || age < -60 || age > int64(d.ttl/time.Second) {           // clocks of two servers may differ
		return ""
	}
	return hex.EncodeToString(raw[1 : 1+deviceID])
}

// sign returns the body with its signature behind it.
func (d devices) sign(key, body []byte, account string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(d.name + "\x00" + account + "\x00"))
	mac.Write(body)
	return mac.Sum(body)
}
