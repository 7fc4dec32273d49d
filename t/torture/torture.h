/*
 * Forced into every file of the module by "make torture": each call that can
 * fail counts, and the one whose turn it is fails.  Which one that is stands
 * in a file that the test and all processes of nginx share.
 */

#if __has_include(<ngx_http.h>)

#ifndef ZOOM_TORTURE_H_INCLUDED
#define ZOOM_TORTURE_H_INCLUDED


#define CURL_DISABLE_DEPRECATION
#define OPENSSL_SUPPRESS_DEPRECATED

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/rand.h>
#include <sys/eventfd.h>

#if __has_include(<lauxlib.h>)
#include <lauxlib.h>
#endif


typedef struct {
    volatile uint32_t            calls;      /* since it was armed */
    volatile uint32_t            fails;      /* which of them; 0: none */
    volatile uint32_t            line;       /* of the one that did */
    char                         file[64];
} zoom_torture_t;


/* One copy in the module, whichever file it came from. */

__attribute__((weak)) zoom_torture_t  *zoom_torture_shared;


__attribute__((weak, constructor)) void
zoom_torture_open(void)
{
    int          fd;
    const char  *name;

    name = getenv("ZOOM_TORTURE");

    if (name == NULL || zoom_torture_shared) {
        return;
    }

    fd = open(name, O_RDWR);

    zoom_torture_shared = mmap(NULL, sizeof(zoom_torture_t),
                               PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);

    if (zoom_torture_shared == MAP_FAILED) {
        perror(name);
        exit(2);
    }

    close(fd);
}


__attribute__((weak)) int
zoom_torture(const char *file, uint32_t line)
{
    const char      *name;
    zoom_torture_t  *t;

    t = zoom_torture_shared;

    if (t == NULL || t->fails == 0
        || __sync_add_and_fetch(&t->calls, 1) != t->fails)
    {
        return 0;
    }

    name = strrchr(file, '/');
    name = name ? name + 1 : file;

    t->line = line;
    ngx_cpystrn((u_char *) t->file, (u_char *) name, sizeof(t->file));

    return 1;
}


#define ZOOM_FAILS  zoom_torture(__FILE__, __LINE__)


/* Memory. */

#define ngx_palloc(pool, size)                                                \
    (ZOOM_FAILS ? NULL : (ngx_palloc)(pool, size))
#define ngx_pnalloc(pool, size)                                               \
    (ZOOM_FAILS ? NULL : (ngx_pnalloc)(pool, size))
#define ngx_pcalloc(pool, size)                                               \
    (ZOOM_FAILS ? NULL : (ngx_pcalloc)(pool, size))
#define ngx_alloc(size, log)                                                  \
    (ZOOM_FAILS ? NULL : (ngx_alloc)(size, log))
#define ngx_calloc(size, log)                                                 \
    (ZOOM_FAILS ? NULL : (ngx_calloc)(size, log))
#define ngx_create_pool(size, log)                                            \
    (ZOOM_FAILS ? NULL : (ngx_create_pool)(size, log))
#define ngx_pstrdup(pool, s)                                                  \
    (ZOOM_FAILS ? NULL : (ngx_pstrdup)(pool, s))
#define ngx_array_create(pool, n, size)                                       \
    (ZOOM_FAILS ? NULL : (ngx_array_create)(pool, n, size))
#define ngx_array_push(array)                                                 \
    (ZOOM_FAILS ? NULL : (ngx_array_push)(array))
#define ngx_list_push(list)                                                   \
    (ZOOM_FAILS ? NULL : (ngx_list_push)(list))
#define ngx_pool_cleanup_add(pool, size)                                      \
    (ZOOM_FAILS ? NULL : (ngx_pool_cleanup_add)(pool, size))
#define ngx_http_cleanup_add(r, size)                                         \
    (ZOOM_FAILS ? NULL : (ngx_http_cleanup_add)(r, size))
#define ngx_slab_alloc(pool, size)                                            \
    (ZOOM_FAILS ? NULL : (ngx_slab_alloc)(pool, size))
#define ngx_slab_calloc(pool, size)                                           \
    (ZOOM_FAILS ? NULL : (ngx_slab_calloc)(pool, size))
#define ngx_array_init(array, pool, n, size)                                  \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_array_init)(array, pool, n, size))
#define ngx_create_temp_buf(pool, size)                                       \
    (ZOOM_FAILS ? NULL : (ngx_create_temp_buf)(pool, size))
#define ngx_alloc_chain_link(pool)                                            \
    (ZOOM_FAILS ? NULL : (ngx_alloc_chain_link)(pool))
#define malloc(size)                                                          \
    (ZOOM_FAILS ? NULL : (malloc)(size))

#undef ngx_calloc_buf
#define ngx_calloc_buf(pool)  ngx_pcalloc(pool, sizeof(ngx_buf_t))


/* nginx. */

#define ngx_get_connection(fd, log)                                           \
    (ZOOM_FAILS ? NULL : (ngx_get_connection)(fd, log))
#define ngx_handle_read_event(ev, flags)                                      \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_handle_read_event)(ev, flags))
#define ngx_http_complex_value(r, value, s)                                   \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_http_complex_value)(r, value, s))
#define ngx_resolve_start(r, ctx)                                             \
    (ZOOM_FAILS ? NULL : (ngx_resolve_start)(r, ctx))
#define ngx_resolve_name(ctx)                                                 \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_resolve_name)(ctx))

#define ngx_http_read_client_request_body(r, handler)                         \
    (ZOOM_FAILS ? NGX_HTTP_INTERNAL_SERVER_ERROR                              \
                : (ngx_http_read_client_request_body)(r, handler))
#define ngx_http_send_header(r)                                               \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_http_send_header)(r))
#define ngx_http_output_filter(r, in)                                         \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_http_output_filter)(r, in))
#define ngx_http_discard_request_body(r)                                      \
    (ZOOM_FAILS ? NGX_HTTP_INTERNAL_SERVER_ERROR                              \
                : (ngx_http_discard_request_body)(r))
#define ngx_shared_memory_add(cf, name, size, tag)                            \
    (ZOOM_FAILS ? NULL : (ngx_shared_memory_add)(cf, name, size, tag))
#define ngx_http_add_variable(cf, name, flags)                                \
    (ZOOM_FAILS ? NULL : (ngx_http_add_variable)(cf, name, flags))
#define ngx_http_compile_complex_value(ccv)                                   \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_http_compile_complex_value)(ccv))
#define ngx_conf_full_name(cycle, name, prefix)                               \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_conf_full_name)(cycle, name, prefix))
#define ngx_regex_compile(rc)                                                 \
    (ZOOM_FAILS ? NGX_ERROR : (ngx_regex_compile)(rc))

#undef ngx_add_event
#define ngx_add_event(ev, event, flags)                                       \
    (ZOOM_FAILS ? NGX_ERROR : ngx_event_actions.add(ev, event, flags))


/* curl. */

#undef curl_easy_setopt
#define curl_easy_setopt(curl, option, value)                                 \
    (ZOOM_FAILS ? CURLE_OUT_OF_MEMORY                                         \
                : (curl_easy_setopt)(curl, option, value))

#undef curl_multi_setopt
#define curl_multi_setopt(multi, option, value)                               \
    (ZOOM_FAILS ? CURLM_OUT_OF_MEMORY                                         \
                : (curl_multi_setopt)(multi, option, value))

/* a pointer that is kept in the handle can't fail to be there */

#undef curl_easy_getinfo
#define curl_easy_getinfo(curl, info, value)                                  \
    ((info) != CURLINFO_PRIVATE && ZOOM_FAILS                                 \
     ? CURLE_UNKNOWN_OPTION : (curl_easy_getinfo)(curl, info, value))

#define curl_easy_init()                                                      \
    (ZOOM_FAILS ? NULL : (curl_easy_init)())
#define curl_multi_init()                                                     \
    (ZOOM_FAILS ? NULL : (curl_multi_init)())
#define curl_multi_add_handle(multi, curl)                                    \
    (ZOOM_FAILS ? CURLM_OUT_OF_MEMORY : (curl_multi_add_handle)(multi, curl))
#define curl_slist_append(list, s)                                            \
    (ZOOM_FAILS ? NULL : (curl_slist_append)(list, s))


/* OpenSSL and Jansson. */

#define SHA256_Init(ctx)                                                      \
    (ZOOM_FAILS ? 0 : (SHA256_Init)(ctx))
#define SHA256_Update(ctx, data, len)                                         \
    (ZOOM_FAILS ? 0 : (SHA256_Update)(ctx, data, len))
#define SHA256_Final(sum, ctx)                                                \
    (ZOOM_FAILS ? 0 : (SHA256_Final)(sum, ctx))
#define EVP_Digest(data, len, sum, n, type, engine)                           \
    (ZOOM_FAILS ? 0 : (EVP_Digest)(data, len, sum, n, type, engine))
#define HMAC(type, key, klen, data, len, sum, n)                              \
    (ZOOM_FAILS ? NULL : (HMAC)(type, key, klen, data, len, sum, n))
#define EVP_MD_CTX_new()                                                      \
    (ZOOM_FAILS ? NULL : (EVP_MD_CTX_new)())
#define EVP_DigestInit_ex(md, type, engine)                                   \
    (ZOOM_FAILS ? 0 : (EVP_DigestInit_ex)(md, type, engine))
#define EVP_DigestUpdate(md, data, len)                                       \
    (ZOOM_FAILS ? 0 : (EVP_DigestUpdate)(md, data, len))
#define EVP_DigestFinal_ex(md, sum, n)                                        \
    (ZOOM_FAILS ? 0 : (EVP_DigestFinal_ex)(md, sum, n))
#define RAND_bytes(buf, n)                                                    \
    (ZOOM_FAILS ? 0 : (RAND_bytes)(buf, n))
#define X509_STORE_load_locations(store, file, path)                          \
    (ZOOM_FAILS ? 0 : (X509_STORE_load_locations)(store, file, path))
#define X509_STORE_new()                                                      \
    (ZOOM_FAILS ? NULL : (X509_STORE_new)())
#define json_loadb(text, len, flags, error)                                   \
    (ZOOM_FAILS ? NULL : (json_loadb)(text, len, flags, error))


/* LuaJIT: whatever a script, or our C for it, wants memory for. */

#if __has_include(<lauxlib.h>)

#define luaL_newstate()                                                       \
    (ZOOM_FAILS ? NULL : (luaL_newstate)())
#define lua_checkstack(L, n)                                                  \
    (ZOOM_FAILS ? 0 : (lua_checkstack)(L, n))
#define ngx_http_zoom_lua_vm_own_alloc(ud, p, old, size)                      \
    ((size) && ZOOM_FAILS                                                     \
     ? NULL : (ngx_http_zoom_lua_vm_own_alloc)(ud, p, old, size))

#endif


/* The kernel. */

#define eventfd(n, flags)                                                     \
    (ZOOM_FAILS ? (errno = EMFILE, -1) : (eventfd)(n, flags))


#endif /* ZOOM_TORTURE_H_INCLUDED */

#endif
