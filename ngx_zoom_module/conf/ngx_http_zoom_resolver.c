#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_resolver.h"


#define NGX_HTTP_ZOOM_RESOLVER_TIMEOUT  30000


static ngx_uint_t ngx_http_zoom_resolver_asks(const ngx_resolver_t *resolver);


ngx_resolver_t *
ngx_http_zoom_resolver(ngx_conf_t *cf, ngx_msec_t *timeout)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* without the directive there is none, or an empty dummy */

    if (clcf->resolver == NULL
        || !ngx_http_zoom_resolver_asks(clcf->resolver))
    {
        return NULL;
    }

    /* the http level's own value is not merged */

    *timeout = (clcf->resolver_timeout == NGX_CONF_UNSET_MSEC)
               ? NGX_HTTP_ZOOM_RESOLVER_TIMEOUT : clcf->resolver_timeout;

    return clcf->resolver;
}


/* Name servers are an array in nginx, and a list in Angie from 1.12 on. */

static ngx_uint_t
ngx_http_zoom_resolver_asks(const ngx_resolver_t *resolver)
{
    const void  *servers;

    servers = &resolver->connections;

    if (sizeof(resolver->connections) == sizeof(ngx_array_t)) {
        return ((const ngx_array_t *) servers)->nelts != 0;
    }

    return *(void *const *) servers != NULL;
}
