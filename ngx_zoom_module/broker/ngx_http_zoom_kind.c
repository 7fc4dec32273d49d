#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_kind.h"
#include "ngx_http_zoom_str.h"
#include "zoom_jointoken.h"
#include "zoom_oauth.h"
#include "zoom_secret.h"
#include "zoom_token.h"


#define NGX_HTTP_ZOOM_PATH_MAX    (3 * ZOOM_USER_MAX + 128)
#define NGX_HTTP_ZOOM_FORM_MAX    1024
#define NGX_HTTP_ZOOM_BASIC_MAX   (2 * ZOOM_SECRET_FILE_MAX)
#define NGX_HTTP_ZOOM_BEARER_MAX  (ZOOM_ACCESS_TOKEN_MAX + 16)


#define NGX_HTTP_ZOOM_OF_USER     0x01
#define NGX_HTTP_ZOOM_OF_MEETING  0x02
#define NGX_HTTP_ZOOM_ONCE        0x04


typedef struct {
    const char                  *title;      /* for the log */
    zoom_label_e                 label;
    ngx_uint_t                   needs;

    void                       (*path)(zoom_buf_t *b,
                                      const ngx_http_zoom_mint_order_t *order);
    void                       (*judge)(
                                      const ngx_http_zoom_mint_order_t *order,
                                      const zoom_response_t *answer,
                                      zoom_buf_t *token, time_t *expires,
                                      zoom_verdict_t *j);
} ngx_http_zoom_kind_t;


static ngx_int_t ngx_http_zoom_kind_oauth(
    const ngx_http_zoom_mint_order_t *order, ngx_http_zoom_exchange_t *f);
static ngx_int_t ngx_http_zoom_kind_api(
    const ngx_http_zoom_mint_order_t *order, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *f);

static void ngx_http_zoom_kind_zak_path(zoom_buf_t *b,
    const ngx_http_zoom_mint_order_t *order);
static void ngx_http_zoom_kind_obf_path(zoom_buf_t *b,
    const ngx_http_zoom_mint_order_t *order);
static void ngx_http_zoom_kind_join_path(zoom_buf_t *b,
    const ngx_http_zoom_mint_order_t *order);
static zoom_str_t ngx_http_zoom_kind_user(
    const ngx_http_zoom_mint_order_t *order);
static zoom_str_t ngx_http_zoom_kind_meeting(
    const ngx_http_zoom_mint_order_t *order);

static void ngx_http_zoom_kind_oauth_judge(
    const ngx_http_zoom_mint_order_t *order, const zoom_response_t *answer,
    zoom_buf_t *token, time_t *expires, zoom_verdict_t *j);
static void ngx_http_zoom_kind_user_judge(
    const ngx_http_zoom_mint_order_t *order, const zoom_response_t *answer,
    zoom_buf_t *token, time_t *expires, zoom_verdict_t *j);
static void ngx_http_zoom_kind_join_judge(
    const ngx_http_zoom_mint_order_t *order, const zoom_response_t *answer,
    zoom_buf_t *token, time_t *expires, zoom_verdict_t *j);


static const ngx_http_zoom_kind_t
    ngx_http_zoom_kinds[NGX_HTTP_ZOOM_NSERVICES] =
{
    { "access token", ZOOM_NLABELS, 0,
      NULL,
      ngx_http_zoom_kind_oauth_judge },

    { "ZAK", ZOOM_LIGHT, NGX_HTTP_ZOOM_OF_USER,
      ngx_http_zoom_kind_zak_path,
      ngx_http_zoom_kind_user_judge },

    { "OBF token", ZOOM_LIGHT,
      NGX_HTTP_ZOOM_OF_USER|NGX_HTTP_ZOOM_OF_MEETING|NGX_HTTP_ZOOM_ONCE,
      ngx_http_zoom_kind_obf_path,
      ngx_http_zoom_kind_user_judge },

    { "local recording token", ZOOM_LIGHT,
      NGX_HTTP_ZOOM_OF_MEETING|NGX_HTTP_ZOOM_ONCE,
      ngx_http_zoom_kind_join_path,
      ngx_http_zoom_kind_join_judge },

    { "live streaming token", ZOOM_LIGHT,
      NGX_HTTP_ZOOM_OF_MEETING|NGX_HTTP_ZOOM_ONCE,
      ngx_http_zoom_kind_join_path,
      ngx_http_zoom_kind_join_judge },

    { "local archiving token", ZOOM_LIGHT,
      NGX_HTTP_ZOOM_OF_MEETING|NGX_HTTP_ZOOM_ONCE,
      ngx_http_zoom_kind_join_path,
      ngx_http_zoom_kind_join_judge },
};


ngx_int_t
ngx_http_zoom_kind_fetch(const ngx_http_zoom_mint_order_t *order,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *f)
{
    if (order->kind == NGX_HTTP_ZOOM_OAUTH) {
        return ngx_http_zoom_kind_oauth(order, f);
    }

    return ngx_http_zoom_kind_api(order, access, f);
}


static ngx_int_t
ngx_http_zoom_kind_oauth(const ngx_http_zoom_mint_order_t *order,
    ngx_http_zoom_exchange_t *f)
{
    ngx_int_t                 rc;
    zoom_buf_t                authorization, body;
    ngx_http_zoom_account_t  *account;
    u_char                    form[NGX_HTTP_ZOOM_FORM_MAX];
    u_char                    buf[NGX_HTTP_ZOOM_BASIC_MAX];

    account = order->wa->account;

    zoom_buf_init(&authorization, buf, sizeof(buf));
    zoom_oauth_authorization(&authorization,
                             ngx_http_zoom_str(&account->client_id),
                             ngx_http_zoom_str(&account->client_secret));

    zoom_buf_init(&body, form, sizeof(form));
    zoom_oauth_body(&body, ngx_http_zoom_str(&account->account_id));

    f->origin = &account->oauth;
    f->authorization.data = authorization.data;
    f->authorization.len = authorization.len;
    f->body.data = body.data;
    f->body.len = body.len;

    rc = NGX_ERROR;

    if (!authorization.overflow && !body.overflow) {
        rc = ngx_http_zoom_http_client_send(order->wa->client, f);
    }

    ngx_explicit_memzero(buf, authorization.len);
    ngx_explicit_memzero(form, body.len);

    return rc;
}


static ngx_int_t
ngx_http_zoom_kind_api(const ngx_http_zoom_mint_order_t *order,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *f)
{
    ngx_int_t   rc;
    zoom_buf_t  path, authorization;
    u_char      text[NGX_HTTP_ZOOM_PATH_MAX];
    u_char      buf[NGX_HTTP_ZOOM_BEARER_MAX];

    zoom_buf_init(&path, text, sizeof(text));
    ngx_http_zoom_kinds[order->kind].path(&path, order);

    zoom_buf_init(&authorization, buf, sizeof(buf));
    zoom_buf_c(&authorization, "Bearer ");
    zoom_buf_add(&authorization, access->data, access->len);

    f->origin = &order->wa->account->api;
    f->path.data = path.data;
    f->path.len = path.len;
    f->authorization.data = authorization.data;
    f->authorization.len = authorization.len;

    rc = NGX_ERROR;

    if (!authorization.overflow && !path.overflow) {
        rc = ngx_http_zoom_http_client_send(order->wa->client, f);
    }

    ngx_explicit_memzero(buf, authorization.len);

    return rc;
}


static void
ngx_http_zoom_kind_zak_path(zoom_buf_t *b,
    const ngx_http_zoom_mint_order_t *order)
{
    zoom_zak_path(b, ngx_http_zoom_kind_user(order), order->ttl);
}


static void
ngx_http_zoom_kind_obf_path(zoom_buf_t *b,
    const ngx_http_zoom_mint_order_t *order)
{
    zoom_obf_path(b, ngx_http_zoom_kind_user(order),
                  ngx_http_zoom_kind_meeting(order), order->ttl);
}


static void
ngx_http_zoom_kind_join_path(zoom_buf_t *b,
    const ngx_http_zoom_mint_order_t *order)
{
    zoom_jointoken_path(b, order->kind - NGX_HTTP_ZOOM_ZAK,
                        ngx_http_zoom_kind_meeting(order), order->webinar,
                        order->bypass);
}


static zoom_str_t
ngx_http_zoom_kind_user(const ngx_http_zoom_mint_order_t *order)
{
    zoom_str_t  user;

    user.data = order->user;
    user.len = order->user_len;

    return user;
}


static zoom_str_t
ngx_http_zoom_kind_meeting(const ngx_http_zoom_mint_order_t *order)
{
    zoom_str_t  meeting;

    meeting.data = order->meeting;
    meeting.len = order->meeting_len;

    return meeting;
}


void
ngx_http_zoom_kind_judge(const ngx_http_zoom_mint_order_t *order,
    const zoom_response_t *answer, zoom_buf_t *token, time_t *expires,
    zoom_verdict_t *j)
{
    ngx_http_zoom_kinds[order->kind].judge(order, answer, token, expires, j);
}


static void
ngx_http_zoom_kind_oauth_judge(const ngx_http_zoom_mint_order_t *order,
    const zoom_response_t *answer, zoom_buf_t *token, time_t *expires,
    zoom_verdict_t *j)
{
    int64_t  life;

    zoom_oauth_classify(answer, ngx_time(), token, &life, j);

    *expires = ngx_time() + life;
}


static void
ngx_http_zoom_kind_user_judge(const ngx_http_zoom_mint_order_t *order,
    const zoom_response_t *answer, zoom_buf_t *token, time_t *expires,
    zoom_verdict_t *j)
{
    int64_t  dies;
    u_char   words[64];

    if (order->kind == NGX_HTTP_ZOOM_ZAK) {
        zoom_zak_classify(answer, ngx_time(), order->ttl, token, &dies, j);

    } else {
        zoom_obf_classify(answer, ngx_time(), order->ttl, token, &dies, j);
    }

    *expires = dies;

    if (j->verdict == ZOOM_USE && dies <= ngx_time()) {
        ngx_snprintf(words, sizeof(words), "%s expired at birth%Z",
                     ngx_http_zoom_kinds[order->kind].title);

        zoom_verdict_set(j, ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_verdict_words(j, zoom_str_c((char *) words));
    }
}


static void
ngx_http_zoom_kind_join_judge(const ngx_http_zoom_mint_order_t *order,
    const zoom_response_t *answer, zoom_buf_t *token, time_t *expires,
    zoom_verdict_t *j)
{
    int64_t  dies;

    zoom_jointoken_classify(answer, ngx_time(),
                            order->kind - NGX_HTTP_ZOOM_ZAK,
                            order->webinar, token, &dies, j);

    *expires = dies;
}


u_char *
ngx_http_zoom_kind_print(u_char *p, u_char *last,
    const ngx_http_zoom_mint_order_t *order)
{
    p = ngx_slprintf(p, last, "%s", ngx_http_zoom_kinds[order->kind].title);

    if (order->user_len) {
        p = ngx_slprintf(p, last, " for user \"%*s\"", order->user_len,
                         order->user);
    }

    if (order->meeting_len) {
        p = ngx_slprintf(p, last, " for %s \"%*s\"",
                         order->webinar ? "webinar" : "meeting",
                         order->meeting_len, order->meeting);
    }

    return p;
}


zoom_label_e
ngx_http_zoom_kind_label(ngx_http_zoom_service_e kind)
{
    return ngx_http_zoom_kinds[kind].label;
}


ngx_uint_t
ngx_http_zoom_kind_of_user(ngx_http_zoom_service_e kind)
{
    return (ngx_http_zoom_kinds[kind].needs & NGX_HTTP_ZOOM_OF_USER) != 0;
}


ngx_uint_t
ngx_http_zoom_kind_of_meeting(ngx_http_zoom_service_e kind)
{
    return (ngx_http_zoom_kinds[kind].needs & NGX_HTTP_ZOOM_OF_MEETING) != 0;
}


ngx_uint_t
ngx_http_zoom_kind_once(ngx_http_zoom_service_e kind)
{
    return (ngx_http_zoom_kinds[kind].needs & NGX_HTTP_ZOOM_ONCE) != 0;
}
