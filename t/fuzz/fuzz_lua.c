/*
 * Routing scripts without nginx: the machine, its sandbox and the functions of
 * "zoom", for arguments of any kind and answers of any kind.
 *
 * The input says what the script does: bytes become values, a function and its
 * arguments, and what the script returns.  It also says what the first module
 * does, which is played here.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include <stdarg.h>
#include <stdio.h>

#include "fuzz_lua_script.h"
#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_route.h"
#include "ngx_http_zoom_lua_sandbox.h"
#include "ngx_http_zoom_lua_vm.h"


#define FUZZ_MAX     4096
#define FUZZ_BLOCKS  4096


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


struct ngx_http_zoom_account_s {
    const char  *name;
};


/* What the current input has left for the other side. */

typedef struct {
    const unsigned char     *data;
    size_t                   size;
    ngx_http_zoom_token_ask_t    *ask;
    ngx_http_zoom_request_t  *sent;
    ngx_http_zoom_grants_t   *grants;
    ngx_int_t                rc;
    ngx_uint_t               routed;
    unsigned char            token[64];
    unsigned char            answer[FUZZ_MAX];
} fuzz_t;


static fuzz_t                       fuzz;
static void                        *blocks[FUZZ_BLOCKS];
static size_t                       nblocks;
static ngx_http_zoom_lua_source_t   source;
static ngx_http_zoom_lua_file_t     script;

static struct ngx_http_zoom_account_s  accounts[] = {
    { "acme" }, { "other" }, { NULL }
};

static ngx_log_t  fuzz_log;

static ngx_cycle_t  fuzz_cycle = { &fuzz_log, NULL };

ngx_cycle_t   *ngx_cycle = &fuzz_cycle;
ngx_msec_t     ngx_current_msec = 1000;
ngx_module_t   ngx_http_zoom_lua_module;

const ngx_http_zoom_api_t  *ngx_http_zoom_lua_api;


static void
fuzz_is(int ok)
{
    if (!ok) {
        abort();
    }
}


static unsigned
fuzz_take(void)
{
    if (fuzz.size == 0) {
        return 0;
    }

    fuzz.size--;

    return *fuzz.data++;
}


/* Every string a copy of its own, so that a sanitizer knows where it ends. */

static ngx_str_t
fuzz_str(const void *data, size_t len)
{
    ngx_str_t  s;

    s.data = ngx_pnalloc(NULL, len);
    s.len = len;

    if (len) {
        memcpy(s.data, data, len);
    }

    return s;
}


static unsigned
fuzz_waits(void)
{
    return !!fuzz.ask + !!fuzz.sent + !!fuzz.grants;
}


static struct ngx_http_zoom_account_s *
fuzz_account(ngx_cycle_t *cycle, const ngx_str_t *name)
{
    (void) cycle;

    return (name->len == 4 && memcmp(name->data, "acme", 4) == 0)
           ? &accounts[0] : NULL;
}


static void
fuzz_report(struct ngx_http_zoom_account_s *account,
    ngx_http_zoom_account_report_t *report)
{
    ngx_uint_t  i;

    fuzz_is(account->name != NULL);

    memset(report, 0, sizeof(ngx_http_zoom_account_report_t));

    report->name = fuzz_str(account->name, strlen(account->name));
    report->nvital = 2;
    report->expires = fuzz_take();
    report->last_time = fuzz_take() & 1;
    report->last_error = "timeout";
    report->last_message = (const u_char *) "message";
    report->last_tracking_id = (const u_char *) "";

    for (i = 0; i < NGX_HTTP_ZOOM_API_SERVICES; i++) {
        report->services[i].name = "kind";
        report->services[i].error = (fuzz_take() & 1) ? "timeout" : NULL;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_API_LABELS; i++) {
        report->labels[i].name = "light";
        report->labels[i].day = fuzz_take();
        report->labels[i].used = fuzz_take();
    }
}


static void
fuzz_mint_result(ngx_http_zoom_token_ask_t *ask)
{
    ask->error = NULL;
    ask->status = "HIT";
    ask->token.data = fuzz.token;
    ask->token.len = 1 + fuzz_take() % (sizeof(fuzz.token) - 1);
    ask->expires = 4711;
    ask->retry_after = fuzz_take() & 1;
    ask->code = fuzz_take();
    ask->http = 0;
    ask->tracking_id = (const u_char *) "";
    ask->own = NULL;

    memset(fuzz.token, 't', sizeof(fuzz.token));

    if (fuzz_take() & 1) {
        ask->error = "zoom_unavailable";
        ask->http = 503;
        ngx_str_null(&ask->token);
    }
}


static ngx_int_t
fuzz_mint(ngx_http_request_t *r, ngx_http_zoom_token_ask_t *ask)
{
    fuzz_is(ask->account && ask->account->name);
    fuzz_is(ask->pool == r->pool);
    fuzz_is(ask->timeout <= 60000);
    fuzz_is(ask->req.ttl == NGX_CONF_UNSET
            || (ask->req.ttl >= 60 && ask->req.ttl <= 365 * 86400));

    ask->own = NULL;

    switch (fuzz_take() % 4) {

    case 0:
        ask->error = "the user is none";
        return NGX_ERROR;

    case 1:
        fuzz_mint_result(ask);
        return NGX_OK;

    default:
        fuzz_is(fuzz_waits() == 0);
        fuzz.ask = ask;
        ask->own = ask;
        return NGX_AGAIN;
    }
}


static void
fuzz_cancel(ngx_http_zoom_token_ask_t *ask)
{
    if (ask->own) {
        fuzz_is(fuzz.ask == ask);
        fuzz.ask = NULL;
        ask->own = NULL;
    }
}


static const char *
fuzz_send(ngx_http_request_t *r, ngx_http_zoom_request_t *sent)
{
    size_t  i;

    (void) r;

    fuzz_is(sent->account && sent->account->name);
    fuzz_is(sent->most > 0 && sent->timeout <= 60000);
    fuzz_is(sent->req.path.len && sent->req.path.data[0] == '/');

    /* what would be another request */

    for (i = 0; i < sent->req.path.len; i++) {
        fuzz_is(sent->req.path.data[i] > ' ' && sent->req.path.data[i] < 0x7f);
    }

    if (fuzz_take() % 8 == 0) {
        return "the label is none";
    }

    fuzz_is(fuzz_waits() == 0);
    fuzz.sent = sent;
    sent->own = sent;

    return NULL;
}


static void
fuzz_end(ngx_http_zoom_request_t *sent)
{
    if (sent->own) {
        fuzz_is(fuzz.sent == NULL || fuzz.sent == sent);
        fuzz.sent = NULL;
        sent->own = NULL;
        memset(fuzz.answer, 0xaa, sizeof(fuzz.answer));
    }
}


static void
fuzz_answer(ngx_http_zoom_request_t *sent)
{
    size_t       n;
    static char  head[] = "HTTP/1.1 200 OK\r\nA: b\r\na: c\r\n x:: y\r\n\r\n";

    static const char  page[] = "{\"next_page_token\":\"x\",\"users\":[{}]}";

    sent->error = NULL;
    sent->reason = NULL;
    sent->http = (fuzz_take() & 3) ? 200 : 404;
    sent->head.data = (u_char *) head;
    sent->head.len = sizeof(head) - 1 - fuzz_take() % sizeof(head) / 2;
    sent->retry_after = 0;
    sent->tracking_id = (const u_char *) "id";

    sent->response.data = fuzz.answer;

    if (fuzz_take() & 1) {
        sent->response.len = sizeof(page) - 1;
        memcpy(fuzz.answer, page, sizeof(page) - 1);

    } else {
        n = fuzz_take() * 4;
        n = ngx_min(n, fuzz.size);
        sent->response.len = n;

        if (n) {
            memcpy(fuzz.answer, fuzz.data, n);
        }
    }

    if (fuzz_take() % 4 == 0) {
        sent->error = "timeout";
        sent->reason = (fuzz_take() & 1) ? "late" : NULL;
    }
}


static const char *
fuzz_grants(ngx_http_request_t *r, ngx_http_zoom_grants_t *grants)
{
    (void) r;

    fuzz_is(grants->account && grants->account->name);
    fuzz_is(grants->timeout <= 60000);

    if (fuzz_take() % 8 == 0) {
        return "the account has none";
    }

    fuzz_is(fuzz_waits() == 0);
    fuzz.grants = grants;
    grants->own = grants;

    return NULL;
}


static void
fuzz_granted(ngx_http_zoom_grants_t *grants)
{
    grants->error = (fuzz_take() % 4 == 0) ? "store_unavailable" : NULL;
    grants->http = grants->error ? 503 : 0;
    grants->retry_after = fuzz_take() & 1;
    grants->n = fuzz_take() % 4;
    grants->more = grants->n && (fuzz_take() & 1);
}


static void
fuzz_grant(const ngx_http_zoom_grants_t *grants, ngx_uint_t i,
    ngx_http_zoom_grant_report_t *report)
{
    fuzz_is(grants->own && grants->error == NULL && i < grants->n);

    report->user = (const u_char *) "AliceOfAnotherAccount1";
    report->email = (const u_char *) ((fuzz_take() & 1) ? "" : "a@b.example");
    report->nnames = fuzz_take() % (NGX_HTTP_ZOOM_API_NAMES + 1);
    report->state = "active";
    report->connected = 1;
    report->refreshed = 2;

    for (i = 0; i < report->nnames; i++) {
        report->names[i] = (const u_char *) "owner";
    }
}


static void
fuzz_end_grants(ngx_http_zoom_grants_t *grants)
{
    if (grants->own) {
        fuzz_is(fuzz.grants == NULL || fuzz.grants == grants);
        fuzz.grants = NULL;
        grants->own = NULL;
    }
}


static const char *
fuzz_sign(struct ngx_http_zoom_account_s *account, const ngx_str_t *meeting,
    ngx_uint_t host, time_t life, ngx_http_zoom_signature_t *signature)
{
    fuzz_is(account->name && meeting->data && host <= 1);
    fuzz_is(life >= 1800 && life <= 172800);

    signature->text.data = signature->buf;
    signature->text.len = fuzz_take();
    signature->expires = 4711;
    memset(signature->buf, 's', sizeof(signature->buf));
    ngx_str_null(&signature->sdk_key);

    return (fuzz_take() & 1) ? "there is none" : NULL;
}


static ngx_int_t
fuzz_purge(struct ngx_http_zoom_account_s *account, const ngx_str_t *user,
    ngx_uint_t *n)
{
    static const ngx_int_t  codes[] = {
        NGX_OK, NGX_BUSY, NGX_DECLINED, NGX_ERROR
    };

    fuzz_is(account->name && user->data);

    *n = 1;

    return codes[fuzz_take() % 4];
}


static const struct ngx_http_zoom_pool_conf_s *
fuzz_pool(const ngx_str_t *name, ngx_str_t *account)
{
    fuzz_is(name->data != NULL);

    account->data = (u_char *) "acme";
    account->len = 4;

    return (fuzz_take() & 1) ? (const void *) account->data : NULL;
}


static ngx_int_t
fuzz_pick(const struct ngx_http_zoom_pool_conf_s *pool, ngx_http_request_t *r,
    ngx_http_zoom_pool_req_t *req)
{
    fuzz_is(pool && r);

    req->user.data = req->text;
    req->user.len = sizeof(req->text);
    memset(req->text, 'u', sizeof(req->text));

    return -(ngx_int_t) (fuzz_take() % 2);
}


static ngx_uint_t
fuzz_release(const struct ngx_http_zoom_pool_conf_s *pool,
    const ngx_str_t *distinct, const ngx_str_t *user)
{
    fuzz_is(pool && distinct->data && (user->data || user->len == 0));

    return fuzz_take();
}


static ngx_int_t
fuzz_member(const struct ngx_http_zoom_pool_conf_s *pool, ngx_uint_t *at,
    ngx_http_zoom_member_report_t *user)
{
    fuzz_is(pool != NULL);
    memset(user, 0, sizeof(ngx_http_zoom_member_report_t));

    user->user.data = user->text;
    user->user.len = fuzz_take() % sizeof(user->text);

    return ((*at)++ < 3) ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
fuzz_meeting(const ngx_str_t *link, u_char *b, ngx_http_zoom_link_t *parts)
{
    memset(parts, 0, sizeof(ngx_http_zoom_link_t));

    if (link->len < 9) {
        return NGX_DECLINED;
    }

    memcpy(b, link->data, link->len);

    parts->id.data = b;
    parts->id.len = link->len;

    return NGX_OK;
}


static void
fuzz_route(ngx_conf_t *cf, ngx_http_zoom_route_pt handler)
{
    (void) cf;
    (void) handler;
}


static void
fuzz_routed(ngx_http_request_t *r, ngx_int_t rc)
{
    (void) r;

    fuzz_is(!fuzz.routed);
    fuzz.routed = 1;
    fuzz.rc = rc;
}


static void
fuzz_bot(ngx_http_request_t *r, ngx_http_zoom_bot_t *bot)
{
    (void) r;

    memset(bot, 0, sizeof(ngx_http_zoom_bot_t));

    bot->account = fuzz_str("acme", 4);
    bot->caller = fuzz_str("tenant", 6);
}


static ngx_int_t
fuzz_bot_link(ngx_http_request_t *r, ngx_http_zoom_bot_t *bot)
{
    (void) r;

    bot->meeting_id = fuzz_str("123456789", 9);
    bot->webinar = 1;

    return (fuzz_take() % 16 == 15) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
fuzz_metadata(ngx_http_request_t *r, ngx_uint_t n, ngx_str_t *name,
    ngx_str_t *value)
{
    (void) r;

    *name = fuzz_str("n\0n", 3);
    *value = fuzz_str("value", 5);

    return (n < fuzz_take() % 4) ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
fuzz_header(ngx_http_request_t *r, const ngx_str_t *name, ngx_str_t *value)
{
    (void) r;

    *value = *name;

    return name->len ? NGX_OK : NGX_DECLINED;
}


/* The input is an argument of the request. */

static ngx_int_t
fuzz_arg(ngx_http_request_t *r, const ngx_str_t *name, ngx_str_t *value)
{
    const unsigned char  *data;

    (void) r;
    (void) name;

    data = fuzz.data;
    *value = fuzz_str(data, fuzz.size);

    return NGX_OK;
}


static ngx_int_t
fuzz_type(const ngx_str_t *name)
{
    return (name->len == 3 && memcmp(name->data, "zak", 3) == 0)
           ? 0 : NGX_DECLINED;
}


static ngx_int_t
fuzz_token(ngx_uint_t member, const ngx_str_t *value)
{
    fuzz_is(member < NGX_HTTP_ZOOM_API_TOKENS);

    return value->len ? NGX_OK : NGX_DECLINED;
}


static void
fuzz_user(struct ngx_http_zoom_account_s *account, const ngx_str_t *user,
    ngx_uint_t gone)
{
    fuzz_is(account != NULL && user->len > 0 && gone <= 1);
}


static const char *const  members[] = {
    "zak_token", "onbehalf_token", "app_privilege_token",
    "live_streaming_token", "local_archiving_token", "join_token"
};


static const ngx_http_zoom_api_t  api = {
    NGX_HTTP_ZOOM_API_MAGIC,
    NGX_HTTP_ZOOM_API_VERSION,
    sizeof(ngx_http_zoom_api_t),
    fuzz_account,
    fuzz_report,
    fuzz_mint,
    fuzz_cancel,
    fuzz_send,
    fuzz_end,
    fuzz_grants,
    fuzz_grants,
    fuzz_grant,
    fuzz_end_grants,
    fuzz_sign,
    fuzz_purge,
    fuzz_meeting,
    fuzz_route,
    fuzz_routed,
    fuzz_bot,
    fuzz_bot_link,
    fuzz_metadata,
    fuzz_header,
    fuzz_arg,
    fuzz_type,
    members,
    fuzz_token,
    fuzz_route,
    fuzz_pool,
    fuzz_pick,
    fuzz_release,
    fuzz_member,
    fuzz_user,
    fuzz_route,
    fuzz_metadata
};


/* nginx, as far as it is needed; what only computes is in nginx/. */

void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    (void) pool;

    fuzz_is(nblocks < FUZZ_BLOCKS);

    blocks[nblocks] = malloc(size ? size : 1);
    fuzz_is(blocks[nblocks] != NULL);

    return blocks[nblocks++];
}


ngx_http_cleanup_t *
ngx_http_cleanup_add(ngx_http_request_t *r, size_t size)
{
    r->cleanup.data = ngx_pnalloc(r->pool, size);

    return &r->cleanup;
}


void
ngx_log_error(ngx_uint_t level, ngx_log_t *log, int err, const char *fmt, ...)
{
    size_t       len;
    va_list      args;
    const char  *line;

    (void) log;
    (void) err;

    fuzz_is(level != NGX_LOG_ALERT);

    if (strcmp(fmt, "zoom: script: %*s") == 0) {
        va_start(args, fmt);
        len = va_arg(args, size_t);
        line = va_arg(args, const char *);
        fuzz_is(len < 4 || memcmp(line, "FUZZ", 4) != 0);
        va_end(args);
    }
}


static void
fuzz_start(void)
{
    if (ngx_http_zoom_lua_api) {
        return;
    }

    ngx_http_zoom_lua_api = &api;

    script.name.data = (u_char *) "fuzz.lua";
    script.name.len = 8;
    script.text.data = (u_char *) text;
    script.text.len = sizeof(text) - 1;

    source.scripts.elts = &script;
    source.scripts.nelts = 1;
    source.memory = 2 * 1024 * 1024;

    fuzz_is(ngx_http_zoom_lua_route_start(&source, ngx_http_zoom_lua_sandbox,
                                          &fuzz_log)
            == NGX_OK);
}


/* The other side answers until the script is done, or the client leaves. */

static void
fuzz_events(void)
{
    ngx_http_zoom_grants_t     *grants;
    ngx_http_zoom_request_t    *sent;
    ngx_http_zoom_token_ask_t  *ask;

    while (fuzz_waits()) {

        if (fuzz_take() % 16 == 15) {
            return;
        }

        ask = fuzz.ask;
        sent = fuzz.sent;
        grants = fuzz.grants;
        fuzz.ask = NULL;

        ngx_current_msec += fuzz_take();

        if (ask) {
            fuzz_mint_result(ask);
            ask->handler(ask);

        } else if (grants) {
            fuzz_granted(grants);
            fuzz.grants = NULL;
            grants->handler(grants);

        } else {
            fuzz_answer(sent);
            fuzz.sent = NULL;
            sent->handler(sent);
        }
    }
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ngx_connection_t        connection;
    ngx_http_request_t      r;
    ngx_http_zoom_route_t   route;

    static ngx_http_zoom_lua_account_t  other;
    static ngx_array_t                  names = { &other, 1 };
    static ngx_http_zoom_lua_loc_conf_t  conf;

    if (size > FUZZ_MAX) {
        return 0;
    }

    fuzz_start();

    other.account = &accounts[1];
    other.name.data = (u_char *) "other";
    other.name.len = 5;

    fuzz.data = data;
    fuzz.size = size;
    fuzz.ask = NULL;
    fuzz.sent = NULL;
    fuzz.grants = NULL;
    fuzz.routed = 0;

    conf.instructions = 200000;
    conf.timeout = 10000;
    conf.accounts = &names;
    conf.allow = (fuzz_take() & 7) ? NGX_HTTP_ZOOM_LUA_ALLOW_REQUEST
                                     |NGX_HTTP_ZOOM_LUA_ALLOW_GRANTS
                                     |NGX_HTTP_ZOOM_LUA_ALLOW_ACCESS_TOKEN
                                   : NGX_HTTP_ZOOM_LUA_ALLOW_OFF;

    memset(&r, 0, sizeof(ngx_http_request_t));
    memset(&route, 0, sizeof(ngx_http_zoom_route_t));

    connection.log = &fuzz_log;
    r.connection = &connection;
    r.conf = &conf;

    fuzz.rc = ngx_http_zoom_lua_route(&r, &route);

    if (fuzz.rc == NGX_AGAIN) {
        fuzz_events();
        fuzz_is(fuzz.routed || fuzz_waits());

    } else {
        fuzz_is(!fuzz.routed);
    }

    if (r.cleanup.handler) {
        r.cleanup.handler(r.cleanup.data);
    }

    fuzz_is(fuzz_waits() == 0);
    fuzz_is(!fuzz.routed || fuzz.rc != NGX_AGAIN);
    fuzz_is(route.user.len == 0 || route.has_user);
    fuzz_is(route.account != &accounts[2]);
    fuzz_is(route.ttl == 0 || (route.ttl >= 60 && route.ttl <= 365 * 86400));

    while (nblocks) {
        free(blocks[--nblocks]);
    }

    return 0;
}
