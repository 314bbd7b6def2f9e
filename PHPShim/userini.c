// .user.ini files and the [HOST=] and [PATH=] sections of php.ini. PHP: sapi/fpm/fpm/fpm_main.c, sapi_cgi_activate; main/php_ini.c
#include "shim.h"

// What the .user.ini files above one directory say together; looked up by that directory.
typedef struct directory_values {
    time_t expires;
    HashTable values;
} directory_values;

static HashTable directories;

static void free_directory(zval *element) {
    directory_values *entry = Z_PTR_P(element);
    zend_hash_destroy(&entry->values);
    pefree(entry, 1);
}

void user_ini_startup(void) {
    zend_hash_init(&directories, 0, NULL, free_directory, 1);
}

void user_ini_shutdown(void) {
    zend_hash_destroy(&directories);
}

static directory_values *values_for(const char *path, size_t length) {
    directory_values *entry = zend_hash_str_find_ptr(&directories, path, length);
    if (!entry) {
        entry = pemalloc(sizeof *entry, 1);
        entry->expires = 0;
        zend_hash_init(&entry->values, 0, NULL, config_zval_dtor, 1);
        zend_hash_str_update_ptr(&directories, path, length, entry);
    }
    return entry;
}

// Reads the file of each directory from the document root down to path, which ends with a slash; when path is not below the root, only
// the file beside the script. A script at or above the root is not looked at, unless the root is written with a slash at its end.
static void read_files(directory_values *entry, const char *path, size_t length, const char *root, size_t root_length) {
    bool same_start = strncmp(path, root, length > root_length ? root_length : length) == 0;
    if (!same_start || (length <= root_length && root[root_length])) {
        php_parse_user_ini_file(path, PG(user_ini_filename), &entry->values);
    } else if (length > root_length) {
        for (const char *slash = path + root_length; (slash = strchr(slash, '/')) != NULL; slash++) {
            char *front = estrndup(path, slash - path);
            php_parse_user_ini_file(front, PG(user_ini_filename), &entry->values);
            efree(front);
        }
    }
}

static void activate_files(char *path, size_t length, const char *root) {
    size_t root_length = strlen(root);
    if (root_length > 0 && root[root_length - 1] == '/') {
        root_length--;
    }
    time_t now = (time_t)sapi_get_request_time();
    directory_values *entry = values_for(path, length);
    if (now > entry->expires) {
        char *absolute = NULL;
        zend_hash_clean(&entry->values);
        if (!IS_ABSOLUTE_PATH(path, length)) {
            absolute = tsrm_realpath(path, NULL);
            if (!absolute) {
                return;
            }
            path = absolute;
            length = strlen(absolute);
        }
        read_files(entry, path, length, root, root_length);
        if (absolute) {
            efree(absolute);
        }
        entry->expires = now + PG(user_ini_cache_ttl);
    }
    php_ini_activate_config(&entry->values, PHP_INI_PERDIR, PHP_INI_STAGE_HTACCESS);
}

static void activate_host(void) {
    const char *server = ENVIRONMENT("SERVER_NAME");
    if (server) {
        size_t length = strlen(server);
        char *name = estrndup(server, length);
        zend_str_tolower(name, length);
        php_ini_activate_per_host_config(name, length);
        efree(name);
    }
}

void user_ini_activate(void) {
    if (php_ini_has_per_host_config()) {
        activate_host();
    }
    bool has_files = PG(user_ini_filename) && *PG(user_ini_filename);
    if (!has_files && !php_ini_has_per_dir_config()) {
        return;
    }
    size_t length = strlen(SG(request_info).path_translated);
    char *path = emalloc(length + 2);
    memcpy(path, SG(request_info).path_translated, length + 1);
    length = zend_dirname(path, length);
    path[length++] = '/';
    path[length] = 0;
    php_ini_activate_per_dir_config(path, length);
    const char *root = has_files ? ENVIRONMENT("DOCUMENT_ROOT") : NULL;
    if (root) {
        activate_files(path, length, root);
    }
    efree(path);
}
