#include <ngx_config.h>
#include <ngx_core.h>

#include <malloc.h>

#include "ngx_http_zoom_heap.h"


/* curl's threads, which resolve names, read it */

static volatile ngx_uint_t  ngx_http_zoom_heap_wiping;


void
ngx_http_zoom_heap_begin_wiping(void)
{
    ngx_http_zoom_heap_wiping++;
}


void
ngx_http_zoom_heap_end_wiping(void)
{
    ngx_http_zoom_heap_wiping--;
}


void
ngx_http_zoom_heap_free(void *p)
{
    if (p && ngx_http_zoom_heap_wiping) {
        ngx_explicit_memzero(p, malloc_usable_size(p));
    }

    free(p);
}


void *
ngx_http_zoom_heap_realloc(void *p, size_t size)
{
    void    *to;
    size_t   had;

    if (p == NULL || ngx_http_zoom_heap_wiping == 0) {
        return realloc(p, size);
    }

    to = malloc(size);

    if (to) {
        had = malloc_usable_size(p);

        ngx_memcpy(to, p, ngx_min(had, size));
        ngx_http_zoom_heap_free(p);
    }

    return to;
}
