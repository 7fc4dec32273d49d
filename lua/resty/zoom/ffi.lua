-- Types and functions of ngx_http_zoom_ffi.h, and whether the module that is
-- loaded is the one that they were written for.

local base = require "resty.core.base"

base.allows_subsystem("http")

local ffi = require "ffi"

-- which declares ngx_http_lua_sema_t
require "ngx.semaphore"

local C = ffi.C
local error = error
local format = string.format
local pcall = pcall


-- of ngx_http_zoom_ffi.h, whose types and functions these are
local FFI_VERSION = 8

if not pcall(ffi.typeof, "ngx_http_zoom_token_req_t") then
ffi.cdef[[
    typedef struct ngx_http_zoom_ffi_vm_s    ngx_http_zoom_ffi_vm_t;
    typedef struct ngx_http_zoom_ffi_call_s  ngx_http_zoom_ffi_call_t;

    typedef struct {
        intptr_t   type;
        ngx_str_t  user;
        ngx_str_t  meeting;
        long       ttl;
        int        webinar;
        int        bypass;
    } ngx_http_zoom_token_req_t;

    typedef struct {
        ngx_str_t  error;
        ngx_str_t  token;
        ngx_str_t  status;
        ngx_str_t  tracking_id;
        int64_t    expires;
        int64_t    retry_after;
        int        code;
        int        http;
        ngx_str_t  head;
        ngx_str_t  reason;
    } ngx_http_zoom_ffi_result_t;

    typedef struct {
        ngx_str_t  method;
        ngx_str_t  path;
        ngx_str_t  body;
        ngx_str_t  label;
    } ngx_http_zoom_api_req_t;

    typedef struct {
        ngx_str_t  user;
        ngx_str_t  email;
        ngx_str_t  state;
        int64_t    connected;
        int64_t    refreshed;
    } ngx_http_zoom_ffi_grant_t;

    typedef struct ngx_http_zoom_account_s  ngx_http_zoom_account_t;

    typedef struct {
        int64_t  rate;
        int64_t  day;
        int64_t  used;
        int64_t  wait;
    } ngx_http_zoom_ffi_limit_t;

    typedef struct {
        int64_t                    expires;
        ngx_str_t                  errors[9];
        ngx_http_zoom_ffi_limit_t  limits[4];
        int64_t                    last_time;
        ngx_str_t                  last_error;
        int                        last_code;
        unsigned char              last_message[201];
        unsigned char              last_tracking_id[65];
    } ngx_http_zoom_ffi_report_t;

    typedef struct {
        ngx_str_t  id;
        ngx_str_t  passcode;
        ngx_str_t  tk;
        int        webinar;
    } ngx_http_zoom_ffi_meeting_t;

    typedef struct {
        ngx_str_t  error;
        ngx_str_t  reason;
        ngx_str_t  caller;
        ngx_str_t  scheme;
        int        http;
    } ngx_http_zoom_ffi_verdict_t;

    typedef struct {
        ngx_str_t  bot_id;
        ngx_str_t  meeting_url;
        int        nmetadata;
    } ngx_http_zoom_ffi_callback_t;

    typedef struct ngx_http_zoom_pool_conf_s  ngx_http_zoom_pool_conf_t;

    typedef struct {
        ngx_str_t      user;
        int64_t        leases;
        int64_t        wait;
        int            up;
        int            backup;
        int            weight;
        int            code;
        unsigned char  text[128];
    } ngx_http_zoom_ffi_member_t;

    int ngx_http_zoom_ffi_version(void);

    ngx_http_zoom_ffi_vm_t *ngx_http_zoom_ffi_vm_create(
        int (*post)(ngx_http_lua_sema_t *sema, int n),
        int (*count)(ngx_http_lua_sema_t *sema));
    void ngx_http_zoom_ffi_vm_destroy(ngx_http_zoom_ffi_vm_t *vm);

    int ngx_http_zoom_ffi_type(const ngx_str_t *name);
    int ngx_http_zoom_ffi_mint(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_http_zoom_token_req_t *req, int64_t timeout, int fresh,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_access(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_request(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_http_zoom_api_req_t *req, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_grants(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_str_t *user, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_disconnect(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_str_t *user, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_grant(ngx_http_zoom_ffi_call_t *call, int i,
        ngx_http_zoom_ffi_grant_t *grant);
    int ngx_http_zoom_ffi_alias(ngx_http_zoom_ffi_call_t *call, int i, int j,
        ngx_str_t *alias);
    int ngx_http_zoom_ffi_grants_more(ngx_http_zoom_ffi_call_t *call);
    void ngx_http_zoom_ffi_wait(ngx_http_zoom_ffi_call_t *call,
        ngx_http_lua_sema_t *sema, int slot);
    int ngx_http_zoom_ffi_result(ngx_http_zoom_ffi_call_t *call,
        ngx_http_zoom_ffi_result_t *result);
    void ngx_http_zoom_ffi_release(ngx_http_zoom_ffi_call_t *call);
    int ngx_http_zoom_ffi_waiting(ngx_http_zoom_ffi_vm_t *vm);
    int ngx_http_zoom_ffi_orphan(ngx_http_zoom_ffi_vm_t *vm);

    ngx_http_zoom_account_t *ngx_http_zoom_ffi_account(const ngx_str_t *name);
    void ngx_http_zoom_ffi_report(ngx_http_zoom_account_t *account,
        ngx_http_zoom_ffi_report_t *report);
    int ngx_http_zoom_ffi_purge(ngx_http_zoom_account_t *account,
        const ngx_str_t *user, ngx_str_t *error);
    void ngx_http_zoom_ffi_user(ngx_http_zoom_account_t *account,
        const ngx_str_t *user, int gone);
    const ngx_http_zoom_pool_conf_t *ngx_http_zoom_ffi_pool(
        const ngx_str_t *name);
    int ngx_http_zoom_ffi_pool_pick(const ngx_http_zoom_pool_conf_t *pool,
        ngx_http_request_t *r, const ngx_str_t *key,
        const ngx_str_t *distinct, const ngx_str_t *bot, unsigned char *buf,
        ngx_str_t *user, int64_t *after);
    int ngx_http_zoom_ffi_pool_release(const ngx_http_zoom_pool_conf_t *pool,
        const ngx_str_t *distinct, const ngx_str_t *user);
    int ngx_http_zoom_ffi_pool_member(const ngx_http_zoom_pool_conf_t *pool,
        int at, ngx_http_zoom_ffi_member_t *member);
    int ngx_http_zoom_ffi_meeting(const ngx_str_t *link, unsigned char *buf,
        ngx_http_zoom_ffi_meeting_t *meeting);
    int ngx_http_zoom_ffi_sdk_signature(ngx_http_zoom_account_t *account,
        const ngx_str_t *meeting, int host, int64_t life, unsigned char *buf,
        ngx_str_t *signature, ngx_str_t *sdk_key, int64_t *expires,
        ngx_str_t *error);

    int ngx_http_zoom_ffi_authenticate(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *scheme,
        const ngx_str_t *secret, const ngx_str_t *as, const ngx_str_t *body,
        ngx_http_zoom_ffi_verdict_t *verdict,
        ngx_http_zoom_ffi_call_t **call);
    int ngx_http_zoom_ffi_callback(ngx_http_request_t *r,
        const ngx_str_t *body, ngx_http_zoom_ffi_callback_t *callback,
        ngx_http_zoom_ffi_verdict_t *verdict);
    void ngx_http_zoom_ffi_metadata(ngx_http_request_t *r, int n,
        ngx_str_t *name, ngx_str_t *value);
]]
end


local function loaded_version()
    return C.ngx_http_zoom_ffi_version()
end


do
    local ok, version = pcall(loaded_version)

    if not ok then
        error("resty.zoom needs ngx_http_zoom_module of its own version: "
              .. "load_module is missing, or the module is too old", 0)
    end

    if version ~= FFI_VERSION then
        error(format("resty.zoom speaks version %d and the loaded "
                     .. "ngx_http_zoom_module version %d: install both from "
                     .. "one release, then restart nginx",
                     FFI_VERSION, version), 0)
    end
end


return {
    C = C,
    OK = base.FFI_OK,
    ERROR = base.FFI_ERROR,
    AGAIN = base.FFI_AGAIN,
    DECLINED = base.FFI_DECLINED,
    get_request = base.get_request,
}
