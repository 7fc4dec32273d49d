// The service on Go's net/http, with singleflight.

package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

type configuration struct {
	Port           int
	Log            string
	CA             string
	User           string
	Reuse          int
	Each           int
	OauthURL       string `json:"oauth_url"`
	APIURL         string `json:"api_url"`
	AccountID      string `json:"account_id"`
	ClientID       string `json:"client_id"`
	ClientSecret   string `json:"client_secret"`
	AttendeeSecret string `json:"attendee_secret"`
}

type token struct {
	value string
	until time.Time
}

var (
	conf   configuration
	key    []byte
	client *http.Client
	group  singleflight.Group

	mu   sync.RWMutex
	kept = map[string]token{}

	logMu sync.Mutex
	log   *bufio.Writer
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func exchange(req *http.Request, said interface{}) error {
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()

	if res.StatusCode != 200 {
		return fmt.Errorf("Zoom said %d", res.StatusCode)
	}

	return json.NewDecoder(res.Body).Decode(said)
}

// One fetch for all who want the same.
func shared(name string, fetch func() (string, time.Duration, error)) (string, error) {
	mu.RLock()
	t := kept[name]
	mu.RUnlock()

	if time.Now().Before(t.until) {
		return t.value, nil
	}

	v, err, _ := group.Do(name, func() (interface{}, error) {
		mu.RLock()
		t := kept[name]
		mu.RUnlock()

		if time.Now().Before(t.until) {
			return t.value, nil
		}

		value, life, err := fetch()
		if err != nil {
			return "", err
		}

		mu.Lock()
		kept[name] = token{value, time.Now().Add(life)}
		mu.Unlock()

		return value, nil
	})
	if err != nil {
		return "", err
	}

	return v.(string), nil
}

func access() (string, error) {
	return shared("", func() (string, time.Duration, error) {
		form := url.Values{
			"grant_type": {"account_credentials"},
			"account_id": {conf.AccountID},
		}
		req, err := http.NewRequest("POST", conf.OauthURL,
			strings.NewReader(form.Encode()))
		if err != nil {
			return "", 0, err
		}
		req.SetBasicAuth(conf.ClientID, conf.ClientSecret)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")

		var said struct {
			AccessToken string `json:"access_token"`
			ExpiresIn   int    `json:"expires_in"`
		}
		if err := exchange(req, &said); err != nil {
			return "", 0, err
		}

		return said.AccessToken,
			time.Duration(said.ExpiresIn-60) * time.Second, nil
	})
}

func zak(user string) (string, error) {
	return shared(user, func() (string, time.Duration, error) {
		bearer, err := access()
		if err != nil {
			return "", 0, err
		}

		req, err := http.NewRequest("GET", conf.APIURL+"/users/"+
			url.PathEscape(user)+"/token?type=zak&ttl=7200", nil)
		if err != nil {
			return "", 0, err
		}
		req.Header.Set("Authorization", "Bearer "+bearer)

		var said struct{ Token string }
		if err := exchange(req, &said); err != nil {
			return "", 0, err
		}

		return said.Token, time.Duration(conf.Reuse) * time.Second, nil
	})
}

// Maps are written with sorted keys.
func canonical(body interface{}) ([]byte, error) {
	var b bytes.Buffer

	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, err
	}

	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func holds(body interface{}, signature string) bool {
	theirs, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}

	text, err := canonical(body)
	if err != nil {
		return false
	}

	mac := hmac.New(sha256.New, key)
	mac.Write(text)

	return hmac.Equal(mac.Sum(nil), theirs)
}

func answer(r *http.Request) (int, map[string]string) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 65536))
	if err != nil {
		return 400, map[string]string{"error": "bad_callback"}
	}

	var body map[string]interface{}

	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&body) != nil {
		return 400, map[string]string{"error": "bad_callback"}
	}

	if !holds(body, r.Header.Get("X-Webhook-Signature")) {
		return 401, map[string]string{"error": "unauthenticated"}
	}

	if body["callback_type"] != "zoom_tokens" {
		return 400, map[string]string{"error": "bad_callback"}
	}

	user := conf.User
	if conf.Each != 0 {
		metadata, _ := body["bot_metadata"].(map[string]interface{})
		user, _ = metadata["user"].(string)
	}

	t, err := zak(user)
	if err != nil {
		return 503, map[string]string{"error": "zoom_unavailable"}
	}

	return 200, map[string]string{"zak_token": t}
}

func handler(w http.ResponseWriter, r *http.Request) {
	status, said := answer(r)
	text, _ := json.Marshal(said)

	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(text)

	logMu.Lock()
	fmt.Fprintf(log, "%s - - [%s] \"%s %s %s\" %d %d \"-\" \"%s\"\n",
		r.RemoteAddr, time.Now().Format("02/Jan/2006:15:04:05 -0700"),
		r.Method, r.URL.Path, r.Proto, status, len(text), r.UserAgent())
	logMu.Unlock()
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(text, &conf))

	key, err = base64.StdEncoding.DecodeString(conf.AttendeeSecret)
	check(err)

	pem, err := os.ReadFile(conf.CA)
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)

	client = &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots},
			MaxIdleConnsPerHost: 64,
		},
	}

	file, err := os.OpenFile(conf.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY,
		0600)
	check(err)
	log = bufio.NewWriterSize(file, 65536)

	go func() {
		for range time.Tick(time.Second) {
			logMu.Lock()
			log.Flush()
			logMu.Unlock()
		}
	}()

	http.HandleFunc("/zoom-tokens", handler)
	check(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", conf.Port), nil))
}
