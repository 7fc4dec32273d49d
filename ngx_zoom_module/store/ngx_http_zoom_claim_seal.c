#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/rand.h>

#include "ngx_http_zoom_claim_seal.h"
#include "ngx_http_zoom_str.h"
#include "zoom_seal.h"
#include "zoom_string.h"


#define NGX_HTTP_ZOOM_CLAIM_TOKEN  16384


/* What is sealed before the token itself. */

typedef struct {
    int64_t                      life;       /* seconds since it was minted */
    uint64_t                     lacks;
} ngx_http_zoom_claim_head_t;


/* One at a time goes to the store, and one comes from there. */

static u_char  ngx_http_zoom_claim_plain[sizeof(ngx_http_zoom_claim_head_t)
                                         + NGX_HTTP_ZOOM_CLAIM_TOKEN];
static u_char  ngx_http_zoom_claim_opened[sizeof(ngx_http_zoom_claim_head_t)
                                          + NGX_HTTP_ZOOM_CLAIM_TOKEN];
static u_char  ngx_http_zoom_claim_sealed[sizeof(ngx_http_zoom_claim_head_t)
                                          + NGX_HTTP_ZOOM_CLAIM_TOKEN
                                          + ZOOM_SEAL_EXTRA];


ngx_int_t
ngx_http_zoom_claim_seal(const zoom_seal_t *seal, const ngx_str_t *name,
    const ngx_http_zoom_claim_value_t *value, ngx_str_t *sealed)
{
    int                         rc;
    zoom_buf_t                  b, to;
    zoom_str_t                  plain;
    ngx_http_zoom_claim_head_t  head;
    u_char                      nonce[ZOOM_SEAL_NONCE_LEN];

    head.life = value->expires - value->minted;
    head.lacks = value->lacks;

    zoom_buf_init(&b, ngx_http_zoom_claim_plain,
                  sizeof(ngx_http_zoom_claim_plain));
    zoom_buf_init(&to, ngx_http_zoom_claim_sealed,
                  sizeof(ngx_http_zoom_claim_sealed));

    zoom_buf_add(&b, &head, sizeof(ngx_http_zoom_claim_head_t));
    zoom_buf_add(&b, value->token.data, value->token.len);

    plain.data = b.data;
    plain.len = b.len;

    rc = -1;

    if (!b.overflow && RAND_bytes(nonce, sizeof(nonce)) == 1) {
        rc = zoom_seal(&to, seal, nonce, ngx_http_zoom_str(name), plain);
    }

    ngx_explicit_memzero(b.data, b.len);

    if (rc != 0) {
        return NGX_ERROR;
    }

    sealed->data = to.data;
    sealed->len = to.len;

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_claim_open(const zoom_seal_t *seal, const ngx_str_t *name,
    const ngx_str_t *sealed, int64_t age, ngx_http_zoom_claim_value_t *value)
{
    time_t                      now;
    zoom_buf_t                  b;
    ngx_http_zoom_claim_head_t  head;

    zoom_buf_init(&b, ngx_http_zoom_claim_opened,
                  sizeof(ngx_http_zoom_claim_opened));

    if (zoom_open(&b, seal, ngx_http_zoom_str(name),
                  ngx_http_zoom_str(sealed))
        < 0
        || b.len <= sizeof(ngx_http_zoom_claim_head_t))
    {
        return NGX_ERROR;
    }

    ngx_memcpy(&head, b.data, sizeof(ngx_http_zoom_claim_head_t));

    now = ngx_time();

    value->token.data = b.data + sizeof(ngx_http_zoom_claim_head_t);
    value->token.len = b.len - sizeof(ngx_http_zoom_claim_head_t);
    value->minted = now - age / 1000;
    value->expires = now - (age + 999) / 1000 + head.life;
    value->lacks = (unsigned) head.lacks;

    return NGX_OK;
}
