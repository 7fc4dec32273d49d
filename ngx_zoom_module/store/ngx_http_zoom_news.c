#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/rand.h>

#include "ngx_http_zoom_news.h"


/* The nonce of the news is its number. */

ngx_int_t
ngx_http_zoom_news_seal(zoom_buf_t *b, const zoom_seal_t *seal,
    const char *about, zoom_str_t plain, ngx_uint_t *number)
{
    zoom_str_t  word;
    u_char      nonce[ZOOM_SEAL_NONCE_LEN];

    word.data = (const unsigned char *) about;
    word.len = ngx_strlen(about);

    if (RAND_bytes(nonce, sizeof(nonce)) != 1) {
        return NGX_ERROR;
    }

    zoom_buf_str(b, word);
    zoom_buf_c(b, " ");

    if (zoom_seal(b, seal, nonce, word, plain) != 0 || b->overflow) {
        return NGX_ERROR;
    }

    if (number) {
        ngx_memcpy(number, nonce, sizeof(ngx_uint_t));
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_news_open(zoom_buf_t *plain, const zoom_seal_t *seal,
    const char *about, const ngx_str_t *text, ngx_uint_t *number)
{
    zoom_str_t  word, sealed;

    word.data = (const unsigned char *) about;
    word.len = ngx_strlen(about);

    if (text->len < word.len + 1 + ZOOM_SEAL_EXTRA
        || ngx_memcmp(text->data, word.data, word.len) != 0
        || text->data[word.len] != ' ')
    {
        return NGX_DECLINED;
    }

    sealed.data = text->data + word.len + 1;
    sealed.len = text->len - word.len - 1;

    if (zoom_open(plain, seal, word, sealed) < 0) {
        return NGX_ERROR;
    }

    /* behind the version */

    if (number) {
        ngx_memcpy(number, sealed.data + 1, sizeof(ngx_uint_t));
    }

    return NGX_OK;
}

#endif
