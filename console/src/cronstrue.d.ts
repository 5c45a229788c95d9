// The package has no types for its locales; each adds itself to those that are known.
declare module 'cronstrue/locales/zh_CN';
