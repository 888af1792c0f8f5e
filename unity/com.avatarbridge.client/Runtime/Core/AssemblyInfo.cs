using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("AvatarBridge.Core.Tests")]
[assembly: InternalsVisibleTo("GameProbe")]
