/* A token as it lies in the store: sealed, bound to its name. */

#ifndef _NGX_HTTP_ZOOM_CLAIM_SEAL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CLAIM_SEAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_claim.h"
#include "zoom_seal.h"


/* Into a buffer that is good until the next one.  NGX_ERROR: it can't be. */

ngx_int_t ngx_http_zoom_claim_seal(const zoom_seal_t *seal,
    const ngx_str_t *name, const ngx_http_zoom_claim_value_t *value,
    ngx_str_t *sealed);

/*
 * One that was minted "age" milliseconds ago; its token is in a buffer that is
 * good until the next one, and the caller wipes it.  NGX_ERROR: no key opens
 * it.
 */

ngx_int_t ngx_http_zoom_claim_open(const zoom_seal_t *seal,
    const ngx_str_t *name, const ngx_str_t *sealed, int64_t age,
    ngx_http_zoom_claim_value_t *value);


#endif /* _NGX_HTTP_ZOOM_CLAIM_SEAL_H_INCLUDED_ */
