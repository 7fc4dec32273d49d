#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_walk.h"
#include "zoom_error.h"
#include "zoom_uri.h"


#define NGX_HTTP_ZOOM_WALK_SIZE      300
#define NGX_HTTP_ZOOM_WALK_RESTARTS  3

/* for a page, with its wait for a slot, milliseconds */
#define NGX_HTTP_ZOOM_WALK_TIME      60000

/* takes turns with callers, none of which is even */

#define NGX_HTTP_ZOOM_WALK_WHO  2

#define NGX_HTTP_ZOOM_WALK_POOL      4096


static void ngx_http_zoom_walk_page(ngx_http_zoom_walk_t *walk);
static ngx_int_t ngx_http_zoom_walk_path(const ngx_http_zoom_walk_t *walk,
    ngx_http_zoom_api_call_t *call);
static void ngx_http_zoom_walk_answered(ngx_http_zoom_api_call_t *call);
static const char *ngx_http_zoom_walk_read(ngx_http_zoom_walk_t *walk,
    ngx_http_zoom_api_call_t *call);
static ngx_uint_t ngx_http_zoom_walk_refused(ngx_http_zoom_walk_t *walk,
    ngx_http_zoom_api_call_t *call);
static ngx_uint_t ngx_http_zoom_walk_circles(ngx_http_zoom_walk_t *walk);
static void ngx_http_zoom_walk_fail(ngx_http_zoom_walk_t *walk,
    const char *why);


void
ngx_http_zoom_walk(ngx_http_zoom_walk_t *walk)
{
    walk->failed = 0;
    walk->retry_after = 0;
    walk->reason[0] = '\0';
    walk->pages = 0;
    walk->restarts = 0;
    walk->page.token_len = 0;

    ngx_http_zoom_walk_page(walk);
}


void
ngx_http_zoom_walk_cancel(ngx_http_zoom_walk_t *walk)
{
    if (walk->call) {
        ngx_http_zoom_api_call_cancel(walk->call);
        ngx_http_zoom_background_end(walk->call);
        walk->call = NULL;
    }
}


static void
ngx_http_zoom_walk_page(ngx_http_zoom_walk_t *walk)
{
    ngx_http_zoom_api_call_t  *call;

    call = ngx_http_zoom_background_call(walk->account, "GET", ZOOM_MEDIUM);

    if (call == NULL) {
        ngx_http_zoom_walk_fail(walk, "no memory");
        return;
    }

    if (ngx_http_zoom_walk_path(walk, call) != NGX_OK) {
        ngx_http_zoom_background_end(call);
        ngx_http_zoom_walk_fail(walk, "no memory");
        return;
    }

    call->response_max = ZOOM_USERS_PAGE_MAX;
    call->handler = ngx_http_zoom_walk_answered;
    call->data = walk;

    walk->call = call;

    ngx_http_zoom_api_call(call);
}


static ngx_int_t
ngx_http_zoom_walk_path(const ngx_http_zoom_walk_t *walk,
    ngx_http_zoom_api_call_t *call)
{
    u_char      *p;
    size_t       size;
    zoom_buf_t   b;
    zoom_str_t   token;

    size = walk->path.len + ngx_strlen(walk->args)
           + sizeof("?page_size=&next_page_token=") + NGX_INT_T_LEN
           + 3 * walk->page.token_len;

    p = ngx_pnalloc(call->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    token.data = walk->page.token;
    token.len = walk->page.token_len;

    zoom_buf_init(&b, p, size);
    zoom_buf_add(&b, walk->path.data, walk->path.len);
    zoom_buf_c(&b, "?page_size=");
    zoom_buf_int(&b, NGX_HTTP_ZOOM_WALK_SIZE);
    zoom_buf_c(&b, walk->args);

    if (token.len) {
        zoom_buf_c(&b, "&next_page_token=");
        zoom_uri_escape(&b, token);
    }

    call->path.data = b.data;
    call->path.len = b.len;

    return NGX_OK;
}


static void
ngx_http_zoom_walk_answered(ngx_http_zoom_api_call_t *call)
{
    const char            *why;
    ngx_uint_t             again;
    ngx_http_zoom_walk_t  *walk;

    walk = call->data;
    walk->call = NULL;

    again = 0;
    why = NULL;

    if (call->error != ZOOM_OK) {
        walk->retry_after = call->retry_after;
        why = call->reason
              ? call->reason
              : (char *) zoom_error_info(call->error)->message.data;

    } else if (call->status != NGX_HTTP_OK) {
        again = ngx_http_zoom_walk_refused(walk, call);
        why = again ? NULL : "";

    } else {
        why = ngx_http_zoom_walk_read(walk, call);
    }

    if (why) {
        ngx_http_zoom_walk_fail(walk, why);
        ngx_http_zoom_background_end(call);
        return;
    }

    ngx_http_zoom_background_end(call);

    if (again) {
        walk->pages = 0;
        walk->page.token_len = 0;
        walk->again(walk);
    }

    if (again || walk->page.token_len) {
        ngx_http_zoom_walk_page(walk);
        return;
    }

    walk->done(walk);
}


/* NULL, or why the page is of no use. */

static const char *
ngx_http_zoom_walk_read(ngx_http_zoom_walk_t *walk,
    ngx_http_zoom_api_call_t *call)
{
    const char  *why;

    why = zoom_users_page(&walk->page, call->response.data,
                          call->response.len, walk->list, walk->item,
                          walk->data);
    if (why) {
        (void) ngx_snprintf(walk->reason, NGX_HTTP_ZOOM_WALK_REASON,
                            "a page of Zoom's list %s%Z", why);
        return "";
    }

    if (walk->page.token_len == 0) {
        return NULL;
    }

    if (walk->pages + 1 == NGX_HTTP_ZOOM_WALK_PAGES) {
        return "Zoom's list has more than 1000 pages";
    }

    return ngx_http_zoom_walk_circles(walk)
           ? "Zoom's list leads back to a page that was read already" : NULL;
}


/* Whether the token has been there before; it is remembered by two sums. */

static ngx_uint_t
ngx_http_zoom_walk_circles(ngx_http_zoom_walk_t *walk)
{
    uint64_t    sum;
    ngx_uint_t  i;

    sum = (uint64_t) ngx_crc32_long(walk->page.token, walk->page.token_len)
          << 32
          | ngx_murmur_hash2(walk->page.token, walk->page.token_len);

    for (i = 0; i < walk->pages; i++) {
        if (walk->seen[i] == sum) {
            return 1;
        }
    }

    walk->seen[walk->pages++] = sum;

    return 0;
}


/* Whether to begin again, since the page's token has expired. */

static ngx_uint_t
ngx_http_zoom_walk_refused(ngx_http_zoom_walk_t *walk,
    ngx_http_zoom_api_call_t *call)
{
    zoom_str_t           body;
    zoom_users_answer_t  a;

    body.data = call->response.data;
    body.len = call->response.len;

    zoom_users_answer(&a, call->status, body);

    if (a.result == ZOOM_USERS_EXPIRED && walk->page.token_len
        && walk->restarts < NGX_HTTP_ZOOM_WALK_RESTARTS)
    {
        walk->restarts++;
        return 1;
    }

    (void) ngx_snprintf(walk->reason, NGX_HTTP_ZOOM_WALK_REASON,
                        "Zoom answered %d, code %d, \"%s\"%Z",
                        call->status, a.code, a.message);

    return 0;
}


/* An empty "why": the reason is there. */

static void
ngx_http_zoom_walk_fail(ngx_http_zoom_walk_t *walk, const char *why)
{
    walk->failed = 1;

    if (*why) {
        ngx_cpystrn(walk->reason, (u_char *) why, NGX_HTTP_ZOOM_WALK_REASON);
    }

    walk->reason[NGX_HTTP_ZOOM_WALK_REASON - 1] = '\0';

    walk->done(walk);
}


ngx_http_zoom_api_call_t *
ngx_http_zoom_background_call(ngx_http_zoom_account_t *account,
    const char *method, zoom_label_e label)
{
    ngx_pool_t                *pool;
    ngx_http_zoom_api_call_t  *call;

    pool = ngx_create_pool(NGX_HTTP_ZOOM_WALK_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    call = ngx_pcalloc(pool, sizeof(ngx_http_zoom_api_call_t));
    if (call == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    call->pool = pool;
    call->account = account;
    call->method = method;
    call->label = label;
    call->who = "pool";
    call->caller = NGX_HTTP_ZOOM_WALK_WHO;
    call->deadline = ngx_current_msec + NGX_HTTP_ZOOM_WALK_TIME;
    call->stale_after = NGX_HTTP_ZOOM_NEVER;

    return call;
}


void
ngx_http_zoom_background_end(ngx_http_zoom_api_call_t *call)
{
    ngx_destroy_pool(call->pool);
}
