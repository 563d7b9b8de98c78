// SPDX-License-Identifier: Apache-2.0

// Package ubushttp stands in for uhttpd-mod-ubus: ubus calls as JSON-RPC over
// HTTP. It asks the session object whether the session may call the method, as
// the original does, and decides nothing else. Methods other than `call`,
// several calls in one request, and subscriptions are left out.
package ubushttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"time"

	ubus "github.com/openwrt/ubus-go"
)

// Prefix is where LuCI looks for it.
const Prefix = "/ubus"

// Handler serves Prefix.
type Handler struct {
	Socket string // The ubus socket.
}

type message struct {
	Version string            `json:"jsonrpc"`
	ID      json.RawMessage   `json:"id"`
	Method  string            `json:"method"`
	Params  []json.RawMessage `json:"params"`
}

type reply struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  []any           `json:"result,omitempty"`
	Error   *problem        `json:"error,omitempty"`
}

type problem struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// The original's answers.
var (
	errParse   = &problem{-32700, "Parse error"}
	errRequest = &problem{-32600, "Invalid request"}
	errMethod  = &problem{-32601, "Method not found"}
	errObject  = &problem{-32000, "Object not found"}
	errAccess  = &problem{-32002, "Access denied"}
)

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	body, err := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var one message
	if json.Unmarshal(body, &one) != nil {
		_ = json.NewEncoder(w).Encode(reply{Version: "2.0", Error: errParse})
		return
	}
	_ = json.NewEncoder(w).Encode(h.answer(r.Context(), one))
}

func (h *Handler) answer(ctx context.Context, m message) reply {
	result, trouble := h.carryOut(ctx, m)
	return reply{Version: "2.0", ID: m.ID, Result: result, Error: trouble}
}

func (h *Handler) carryOut(ctx context.Context, m message) ([]any, *problem) {
	var session, object, method string
	var values map[string]any
	switch {
	case m.Version != "2.0":
		return nil, errRequest
	case m.Method != "call":
		return nil, errMethod
	case len(m.Params) != 4 ||
		json.Unmarshal(m.Params[0], &session) != nil || json.Unmarshal(m.Params[1], &object) != nil ||
		json.Unmarshal(m.Params[2], &method) != nil || json.Unmarshal(m.Params[3], &values) != nil:
		return nil, errRequest
	}
	// A plugin that asks an identity provider takes its time.
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	conn, err := ubus.Dial(ctx, h.Socket)
	if err != nil {
		return nil, errObject
	}
	defer func() { _ = conn.Close() }()
	rights, err := conn.Call(ctx, "session", "access", ubus.Table{
		"ubus_rpc_session": session, "scope": "ubus", "object": object, "function": method})
	if allowed, _ := rights["access"].(bool); err != nil || !allowed {
		return nil, errAccess
	}
	args := table(values)
	args["ubus_rpc_session"] = session
	answer, err := conn.Call(ctx, object, method, args)
	var status ubus.Status
	var failed *ubus.CallError
	switch {
	case errors.As(err, &failed) && failed.Method == "":
		return nil, errObject // It was not even found.
	case errors.As(err, &status):
		return []any{int(status)}, nil
	case err != nil:
		return []any{int(ubus.UnknownError)}, nil
	case len(answer) == 0:
		return []any{0}, nil
	}
	return []any{0, answer}, nil
}

// table gives JSON's values the types that json-c gives them.
func table(values map[string]any) ubus.Table {
	t := ubus.Table{}
	for name, v := range values {
		t[name] = value(v)
	}
	return t
}

func value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return table(v)
	case []any:
		for i := range v {
			v[i] = value(v[i])
		}
	case float64:
		if v == math.Trunc(v) && v >= math.MinInt32 && v <= math.MaxInt32 {
			return int32(v)
		}
	}
	return v
}
